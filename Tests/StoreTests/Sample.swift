import Foundation
import Glibc
import OCI
import Store
import SystemPackage
import TestSupport
import Testing

/// Store paths for tests: the hash is one character 32 times.
enum Sample {
    static func path(_ hash: Character, _ name: String, storeDir: String = "/nix/store") throws -> StorePath {
        try #require(StorePath(baseName: "\(String(repeating: hash, count: 32))-\(name)", storeDir: storeDir))
    }

    static func node(
        _ path: StorePath, _ references: [StorePath] = [], narSize: UInt64? = nil, narHash: Digest? = nil
    ) -> Closure.Node {
        Closure.Node(path: path, references: references, narSize: narSize, narHash: narHash)
    }
}

/// A temporary directory for file trees.
final class TreeDirectory {
    private let directory: TemporaryDirectory
    /// The directory's path, without symbolic links.
    let path: FilePath

    init() throws {
        directory = try TemporaryDirectory()
        path = FilePath(URL(filePath: directory.path).resolvingSymlinksInPath().path)
    }

    /// Writes a file and makes its parent directories.
    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>, mode: Int = 0o644) throws -> FilePath {
        let file = path.appending(name)
        try FileManager.default.createDirectory(
            atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file.string))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.string)
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> FilePath {
        try write(name, text.utf8, mode: mode)
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path.appending(name).string, withIntermediateDirectories: true)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path.appending(name).string, withDestinationPath: target)
    }

    func makeFIFO(_ name: String) throws {
        try #require(mkfifo(path.appending(name).string, 0o644) == 0)
    }
}
