import Errors
import Glibc

/// Files and directories of the system, which are read or written in one go: those of /proc, /sys and control groups.
enum SystemFile {
    static func bytes(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolError.io("cannot open \(path)") }
        defer { close(descriptor) }
        return try rest(of: descriptor, name: path)
    }

    /// What is still to be read of an open file.
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

    static func text(of path: String) -> String? {
        (try? bytes(of: path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number behind a key in a file of lines `KEY NUMBER`, as control groups and /proc/meminfo have them.
    static func number(_ key: String, in path: String) -> Int? {
        for line in (text(of: path) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 2, words[0] == key { return Int(words[1]) }
        }
        return nil
    }

    /// Writes to a file that is there.
    ///
    /// - Returns: whether all was written.
    @discardableResult
    static func set(_ path: String, to text: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count
    }

    /// The names in a directory but for `.` and `..`, in no order.
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

/// A pipe between two processes; programs that are started do not get it.
final class Pipe {
    let readEnd: Int32
    let writeEnd: Int32
    private var isWriteEndOpen = true

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError.io("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeWriteEnd()
        close(readEnd)
    }

    func closeWriteEnd() {
        if isWriteEndOpen { close(writeEnd) }
        isWriteEndOpen = false
    }

    /// All that comes until nobody has the other end any more.
    func readAll() throws -> [UInt8] { try SystemFile.rest(of: readEnd, name: "a pipe") }
}

/// Drivers find their devices in their own time.
enum Waiting {
    /// In milliseconds: without KVM on a busy machine all takes long.
    private static let limit = 60_000

    /// What `look` finds, as soon as it does.
    ///
    /// - Throws: `ToolError` with code `unavailable` if it never does.
    static func until<Found>(_ what: String, _ look: () throws -> Found?) throws -> Found {
        for _ in 0..<(limit / 5) {
            if let found = try look() { return found }
            usleep(5000)
        }
        throw ToolError(
            .unavailable, "cannot find \(what)", cause: "it did not turn up", remedy: "see the kernel's messages")
    }
}
