import Failures
import Glibc
import Tar

/// Reads a disk or a file from its start to its end.
final class DescriptorReader: ByteSource, TarBody {
    let descriptor: Int32
    private let name: String

    /// - Parameters:
    ///   - descriptor: is closed with this object.
    ///   - name: what it is, for errors.
    init(owning descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    convenience init(opening path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.io("cannot open \(path)") }
        self.init(owning: descriptor, name: path)
    }

    deinit { close(descriptor) }

    var offset: UInt64? { nil }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw Failure.io("cannot read \(name)") }
        }
    }
}
