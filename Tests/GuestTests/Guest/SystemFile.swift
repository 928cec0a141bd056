import Errors
import Glibc

/// Reads and writes small files and directories of the system, such as those of /proc, /sys and control groups.
enum SystemFile {
    /// The bytes of a file.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func bytes(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolError.io("cannot open \(path)") }
        defer { close(descriptor) }
        return try rest(of: descriptor, name: path)
    }

    /// The bytes of an open file from its current position.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func rest(of descriptor: Int32, name: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ToolError.io("cannot read \(name)") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// The text of a file; nil if it cannot be read.
    static func text(of path: String) -> String? {
        (try? bytes(of: path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number after a key in a file of lines `KEY NUMBER`, such as /proc/meminfo; nil if there is none.
    static func number(_ key: String, in path: String) -> Int? {
        for line in (text(of: path) ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count >= 2, fields[0] == key { return Int(fields[1]) }
        }
        return nil
    }

    /// Writes to an existing file.
    ///
    /// - Returns: true if all bytes were written.
    @discardableResult
    static func set(_ path: String, to text: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count
    }

    /// The names in a directory except `.` and `..`, in no particular order.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func names(in directory: String) throws -> [[UInt8]] {
        guard let stream = opendir(directory) else { throw ToolError.io("cannot read the directory \(directory)") }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw ToolError.io("cannot read the directory \(directory)") }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
    }
}

/// A pipe between two processes, which programs do not inherit (FD_CLOEXEC).
final class Pipe {
    let readEnd: Int32
    let writeEnd: Int32
    private var isWriteEndOpen = true

    private init(readEnd: Int32, writeEnd: Int32) {
        self.readEnd = readEnd
        self.writeEnd = writeEnd
    }

    /// Makes a pipe.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func open() throws -> Pipe {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError.io("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return Pipe(readEnd: ends[0], writeEnd: ends[1])
    }

    deinit {
        closeWriteEnd()
        close(readEnd)
    }

    /// Closes the writing end of this process.
    func closeWriteEnd() {
        if isWriteEndOpen { close(writeEnd) }
        isWriteEndOpen = false
    }

    /// The bytes until the writing end is closed everywhere.
    func readAll() throws -> [UInt8] { try SystemFile.rest(of: readEnd, name: "a pipe") }
}

/// Waits for devices, which drivers find asynchronously.
enum Waiting {
    /// The timeout in milliseconds, long enough for TCG on a busy machine.
    private static let limit = 60_000

    /// Calls `look` until it returns a value.
    ///
    /// - Parameter name: the name of the device in the error.
    /// - Throws: `ToolError` with code `unavailable` after the timeout.
    static func until<Found>(_ name: String, _ look: () throws -> Found?) throws -> Found {
        for _ in 0..<(limit / 5) {
            if let found = try look() { return found }
            usleep(5000)
        }
        throw ToolError(
            .unavailable, "cannot find \(name)", cause: "it did not appear within \(limit / 1000) seconds",
            remedy: "see the kernel's messages")
    }
}
