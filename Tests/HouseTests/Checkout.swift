import Foundation

/// The checkout that these tests belong to, as files.
enum Checkout {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Reads a file.
    ///
    /// - Parameter path: relative to the root.
    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appendingPathComponent(path)), as: UTF8.self)
    }

    /// The lines of a file, without their line breaks; a final line break starts no new line.
    static func lines(_ path: String) throws -> [String] {
        let lines = try text(path).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.last?.isEmpty == true ? lines.dropLast() : lines
    }

    /// The files and directories below a directory, sorted.
    ///
    /// - Parameters:
    ///   - path: relative to the root; "" is the root.
    ///   - suffix: the ending of the names.
    /// - Returns: paths relative to the root.
    static func paths(below path: String, endingIn suffix: String = "") throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(path).path)
            .filter { $0.hasSuffix(suffix) }.map { path.isEmpty ? $0 : "\(path)/\($0)" }.sorted()
    }

    /// The names in a directory.
    static func names(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(path).path).sorted()
    }

    /// All that belongs to the repository: not git's own files, and not what SwiftPM writes.
    ///
    /// It is read from the directories, as a test may run where git is not installed.
    static func repository() throws -> [String] {
        let excluded: Set = [".build", ".git", ".swiftpm"]
        return try names(in: "").filter { !excluded.contains($0) }
            .flatMap { name in try [name] + (isDirectory(name) ? paths(below: name) : []) }
    }

    static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        let path = root.appendingPathComponent(path).path
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}
