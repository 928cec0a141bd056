import Failures
import Glibc
import Tar

/// Writes all of what it is given to a disk, a port or a file.
final class DescriptorWriter: ByteSink {
    private let descriptor: Int32
    private let name: String

    /// - Parameter name: what it is, for errors.
    init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.base.baseAddress?.advanced(by: rest.startIndex), rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure.io("cannot write to \(name)") }
            rest = rest.dropFirst(count)
        }
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }
}
