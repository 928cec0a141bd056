import ByteIO
import OCI

/// Keeps a blob until it is known whether the registry has it: in memory if it is small, else in a work file.
final class HeldBlob: ByteSink {
    /// The maximum size in bytes of a blob in memory: 256 KiB.
    static let memoryLimit = 256 << 10

    /// The bytes of the blob.
    enum Bytes: Sendable {
        case memory([UInt8])
        case file(FileRange)
    }

    private let file: SpoolFile?
    private var memory: [UInt8] = []
    private var range: FileRange?
    /// Whether the work file could not be written.
    private(set) var hasFailed = false

    /// - Parameter file: receives a blob that is larger than `memoryLimit`; nil if there is no such blob.
    init(_ file: SpoolFile?) {
        self.file = file
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let file, range != nil || memory.count + bytes.count > Self.memoryLimit else {
            memory.append(contentsOf: bytes)
            return
        }
        do {
            let (added, _) = try file.keep { sink in
                try sink.write(memory)
                try sink.write(bytes)
            }
            memory = []
            range = FileRange(file: added.file, offset: 0, size: added.offset + added.size)
        } catch {
            hasFailed = true
            throw error
        }
    }

    /// All bytes that were written.
    var bytes: Bytes { range.map { .file($0) } ?? .memory(memory) }
}
