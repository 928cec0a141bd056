import ByteIO
import Errors
import Glibc
import Store
import SystemPackage

/// Reads the paths of `contents` as trees.
enum Contents {
    /// Checks that all contents exist, before any other work.
    ///
    /// - Throws: `ToolError` with code `data` for a path that does not exist.
    static func check(_ spec: ImageSpec) throws {
        for content in spec.contents {
            let path = content.machinePath(in: spec.storeLocation)
            var status = stat()
            guard path.withPlatformString({ lstat($0, &status) }) == 0 else {
                let message = "cannot read '\(content.written)', which contents names in \(spec.source)"
                let error = Errno.current
                guard error == .noSuchFileOrDirectory || error == .notDirectory else {
                    throw ToolError.io(message, error)
                }
                throw ToolError(
                    .data, message, cause: "\(path) does not exist", remedy: "correct contents, or create the path")
            }
        }
    }

    /// The files in the root of a layered image: the files of store paths as links, all others as copies.
    ///
    /// - Throws: `ToolError` with code `io` for a file that cannot be read, `data` for a broken link.
    static func sources(_ spec: ImageSpec) throws -> [TreeMerger.Source] {
        try spec.contents.map { content in
            let (path, name) = try place(of: content, in: spec.storeLocation)
            let tree = try FileTree.walk(path)
            guard let logical = content.logicalPath else { return .copied(tree, name: name) }
            return .linked(tree, name: name, target: logical)
        }
    }

    /// The path of a content on this machine, without a link as its last component, and the name in the root of a
    /// content that is a file.
    ///
    /// - Throws: `ToolError` with code `io` for a path that cannot be read, `data` for a broken link.
    static func place(of content: ContentPath, in store: StoreLocation) throws -> (path: FilePath, name: String) {
        switch content.place {
        case .machine(let path):
            return (try real(path, written: content.written), path.lastComponent?.string ?? "")
        case .store(let path, let below):
            let resolved = try LogicalLinks(store).resolve(content.logicalPath ?? path.path)
            let name = below.split(separator: "/").last.map(String.init) ?? String(path.name)
            return (store.machinePath(of: resolved), name)
        }
    }

    /// The path that a link in `contents` leads to.
    private static func real(_ path: FilePath, written: String) throws -> FilePath {
        guard let real = path.real else {
            let (message, error) = ("cannot read '\(written)', which contents names", Errno.current)
            guard error == .noSuchFileOrDirectory || error == .tooManySymbolicLinkLevels || error == .notDirectory
            else {
                throw ToolError.io(message, error)
            }
            throw ToolError(
                .data, message, cause: "it is a broken link", remedy: "correct the link, or remove it from contents")
        }
        return real
    }
}

/// Follows links as they are in the image, where the store is at its logical path.
struct LogicalLinks {
    /// The maximum number of links, as in Linux (path_resolution(7)).
    private static let limit = 40

    private let store: StoreLocation

    init(_ store: StoreLocation) {
        self.store = store
    }

    /// The logical path that a link leads to. A link out of the store stays a link: its target is only known in the
    /// image.
    ///
    /// - Throws: `ToolError` with code `data` for links that form a cycle.
    func resolve(_ logical: String) throws -> String {
        var path = FilePath(logical)
        for _ in 0..<Self.limit {
            guard let target = link(at: path) else { return path.string }
            let next = path.removingLastComponent().pushing(target).lexicallyNormalized()
            guard next.string.hasPrefix(store.storeDir + "/"), exists(next) else { return path.string }
            path = next
        }
        throw ToolError(
            .data, "cannot follow the link \(logical), which contents names",
            cause: "it leads through more than \(Self.limit) links", remedy: "check whether the links form a cycle")
    }

    private func exists(_ path: FilePath) -> Bool {
        var status = stat()
        return store.machinePath(of: path.string).withPlatformString { lstat($0, &status) } == 0
    }

    private func link(at path: FilePath) -> FilePath? { store.machinePath(of: path.string).linkTarget }
}
