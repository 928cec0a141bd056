import CLinux
import Errors
import Glibc
import SystemPackage

/// Writes to a descriptor. It copies files with sendfile(2), which gives a pipe the pages of the file without a copy.
package final class DescriptorSink: ArchiveSink {
    private let descriptor: Int32
    private let name: String
    /// Whether the descriptor is a regular file that is not in append mode, so that placeholders can be filled.
    private let isFile: Bool
    /// The offset of the first byte in the file: a redirected standard output may already have content.
    private let start: Int64
    private var position: Int64
    /// The offset in the file up to which writing to the disk has been started.
    private var syncing: Int64
    private static let syncStep: Int64 = 16 << 20
    private var sends = true

    /// Creates a sink that writes from the current position of a descriptor.
    ///
    /// - Parameters:
    ///   - descriptor: a descriptor that is open for writing; the caller closes it.
    ///   - name: the name of the output in errors.
    package init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        var status = stat()
        isFile =
            fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && fcntl(descriptor, F_GETFL) & O_APPEND == 0
        start = isFile ? Int64(max(0, lseek(descriptor, 0, SEEK_CUR))) : 0
        position = start
        syncing = start
        // With a pipe of 64 KiB the two ends often wait for each other. If the size is not permitted, a smaller one
        // works.
        if !isFile { _ = clinux_set_pipe_size(descriptor, 1 << 20) }
    }

    /// The number of bytes written so far.
    package var size: UInt64 { UInt64(position - start) }

    package var copiesFiles: Bool { sends }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, slice.baseAddress, slice.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure
            }
            advance(count)
            rest = rest.dropFirst(count)
        }
    }

    package func copy(_ count: Int, from source: Int32, at offset: UInt64?) throws -> Int {
        var copied = 0
        while copied < count {
            let sent = send(count - copied, from: source, at: offset.map { Int($0) + copied })
            if sent == 0 { break }
            if sent < 0 {
                if errno == EINTR { continue }
                guard errno == EINVAL || errno == ENOSYS, copied == 0 else { throw failure }
                return try copyThroughMemory(count, from: source, at: offset)
            }
            copied += sent
            advance(sent)
        }
        return copied
    }

    private func send(_ count: Int, from source: Int32, at offset: Int?) -> Int {
        guard var offset else { return sendfile(descriptor, source, nil, count) }
        return sendfile(descriptor, source, &offset, count)
    }

    /// Copies by reading and writing, for the few file systems and devices that sendfile(2) does not support.
    private func copyThroughMemory(_ count: Int, from source: Int32, at offset: UInt64?) throws -> Int {
        sends = false
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 4096)
        defer { buffer.deallocate() }
        var copied = 0
        while copied < count {
            let size = min(buffer.count, count - copied)
            let read =
                if let offset {
                    pread(source, buffer.baseAddress, size, Int(offset) + copied)
                } else {
                    Glibc.read(source, buffer.baseAddress, size)
                }
            if read == 0 { break }
            if read < 0 {
                if errno == EINTR { continue }
                throw ToolError.io("cannot read a file for \(name)")
            }
            try write(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            copied += read
        }
        return copied
    }

    /// Whether the output is a regular file that is not in append mode.
    package var supportsBackpatching: Bool { isFile }

    package func reserve(_ count: Int) throws -> Placeholder {
        let placeholder = Placeholder(offset: position)
        try write([UInt8](repeating: 0, count: count))
        return placeholder
    }

    package func fill(_ placeholder: Placeholder, _ bytes: [UInt8]) throws {
        guard let offset = placeholder.offset else { return }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, Int(offset) + done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure
            }
            done += count
        }
    }

    /// Skips `count` bytes of a file; the hole reads as zeros.
    package func leaveHole(_ count: UInt64) throws {
        guard lseek(descriptor, Int(count), SEEK_CUR) >= 0, ftruncate(descriptor, Int(position) + Int(count)) == 0
        else {
            throw failure
        }
        position += Int64(count)
    }

    package func finish() throws {}

    /// Counts written bytes, and starts to write a file to the disk in steps, so that the final sync waits less.
    ///
    /// An error of the early writing is reported by the final sync.
    private func advance(_ count: Int) {
        position += Int64(count)
        guard isFile, position - syncing >= Self.syncStep else { return }
        _ = clinux_begin_writing(descriptor, syncing, position - syncing)
        syncing = position
    }

    private var failure: ToolError {
        errno == EPIPE
            ? ToolError(
                .io, "cannot write to \(name)", cause: "the reading end was closed before the end of the image",
                remedy: "look at what the reading program said")
            : ToolError.io("cannot write to \(name)")
    }
}
