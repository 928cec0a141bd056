import Foundation
import Glibc
import Store
import SystemPackage
import Testing

extension FileTree {
    /// A line for each entry: kind, mode, path and link target. Bytes that are not UTF-8 are written as `\xNN`.
    var lines: [String] {
        var lines: [String] = []
        forEach { entry, path, target in
            let link = entry.kind == .link ? " -> \(Self.text(target))" : ""
            lines.append("\(entry.kind) \(String(entry.mode, radix: 8)) \(Self.text(path))\(link)")
        }
        return lines
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(validating: bytes, as: UTF8.self)
            ?? bytes.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
    }

    /// The contents of a file of the tree.
    func contents(of wanted: String) throws -> [UInt8] {
        let files = TreeFiles(self)
        var contents: [UInt8]?
        try forEach { entry, path, _ in
            guard String(decoding: path, as: UTF8.self) == wanted else { return }
            try files.withFile(entry, at: path) { file in
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                contents = Array(buffer[..<count])
            }
        }
        return try #require(contents)
    }
}

extension TreeDirectory {
    /// The path of a file in the directory.
    func place(_ name: String) -> FilePath { path.appending(name) }

    func setMode(_ mode: mode_t, of name: String) throws {
        try #require(chmod(place(name).string, mode) == 0)
    }

    /// Makes a file whose name has the given bytes.
    func write(rawName: [UInt8]) throws {
        let name = Array(path.string.utf8) + [UInt8(ascii: "/")] + rawName + [0]
        let descriptor = name.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { name in
            name.baseAddress.map { creat($0, 0o644) } ?? -1
        }
        try #require(descriptor >= 0)
        close(descriptor)
    }

    /// Sets the modification time of a file in seconds since 1970.
    func setTime(_ seconds: Int, of name: String) throws {
        var times = [timespec(tv_sec: seconds, tv_nsec: 5), timespec(tv_sec: seconds, tv_nsec: 5)]
        try #require(utimensat(AT_FDCWD, place(name).string, &times, AT_SYMLINK_NOFOLLOW) == 0)
    }
}
