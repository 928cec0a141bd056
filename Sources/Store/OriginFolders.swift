import CLinux
import Failures
import Glibc
import SystemPackage

/// The folders of a tree's origins, open as mere places: those that were opened last, since a tree may have more origins
/// than a process may have descriptors.
final class OriginFolders {
    /// Far below 1024, the usual limit on open files, and more than the contents of most images.
    private static let limit = 64

    private let origins: [FileTree.Origin]
    private var descriptors: [UInt16: Int32] = [:]
    /// The origins with a descriptor, the one that was opened first before all.
    private var order: [UInt16] = []

    init(_ origins: [FileTree.Origin]) {
        self.origins = origins
    }

    deinit {
        for descriptor in descriptors.values { close(descriptor) }
    }

    /// The descriptor of an origin's folder, good until the next call.
    ///
    /// - Throws: `Failure` with code `io` if the folder cannot be opened.
    func descriptor(of origin: UInt16) throws -> Int32 {
        if let descriptor = descriptors[origin] { return descriptor }
        let path = origins[Int(origin)].path
        let descriptor = path.withPlatformString { clinux_open_place($0) }
        guard descriptor >= 0 else { throw Failure.io("cannot open the folder \(path)") }
        if order.count == Self.limit, let oldest = descriptors.removeValue(forKey: order.removeFirst()) {
            close(oldest)
        }
        descriptors[origin] = descriptor
        order.append(origin)
        return descriptor
    }
}
