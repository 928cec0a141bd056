import CGuest
import Failures
import Glibc

/// A driver as a file of the initramfs.
enum KernelModule {
    static func load(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.io("cannot open the module \(path)") }
        defer { close(descriptor) }
        guard cguest_load_module(descriptor) == 0 || errno == EEXIST else {
            throw Failure.io("cannot load the module \(path)")
        }
    }
}
