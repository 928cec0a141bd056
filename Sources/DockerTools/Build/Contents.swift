import ByteIO
import Errors
import Glibc
import Store
import SystemPackage

/// The paths of `contents` as trees.
enum Contents {
    /// Sees that all contents are there, before any work is done.
    ///
    /// - Throws: `ToolError` with code `data` for one that is not there.
    static func check(_ spec: ImageSpec) throws {
        for content in spec.contents {
            let path = content.machinePath(in: spec.storeLocation)
            var status = stat()
            guard path.withPlatformString({ lstat($0, &status) }) == 0 else {
                let what = "cannot read '\(content.written)', which contents names in \(spec.source)"
                let error = Errno.current
                guard error == .noSuchFileOrDirectory || error == .notDirectory else { throw ToolError.io(what, error) }
                throw ToolError(
                    .data, what, cause: "\(path) does not exist", remedy: "correct contents, or make the path first")
            }
        }
    }

    /// What stands in the root of the image: plain directories and files as they are, the files of store paths as links.
    ///
    /// - Throws: `ToolError` with code `io` for what cannot be read, `data` for a link that leads nowhere.
    static func sources(_ spec: ImageSpec) throws -> [TreeMerger.Source] {
        try spec.contents.map { content in
            let (path, name) = try place(of: content, in: spec.storeLocation)
            let tree = try FileTree.walk(path)
            guard let logical = content.logicalPath else { return .copied(tree, name: name) }
            return .linked(tree, name: name, target: logical)
        }
    }

    /// Where a content lies on this machine, links at its end followed; and its name in the root, if it is no directory.
    ///
    /// - Throws: `ToolError` with code `io` for what cannot be read, `data` for a link that leads nowhere.
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

    /// The path that a link in `contents` stands for.
    private static func real(_ path: FilePath, written: String) throws -> FilePath {
        guard let real = path.real else {
            let (what, error) = ("cannot read '\(written)', which contents names", Errno.current)
            guard error == .noSuchFileOrDirectory || error == .tooManySymbolicLinkLevels || error == .notDirectory
            else {
                throw ToolError.io(what, error)
            }
            throw ToolError(
                .data, what, cause: "it is a link that leads nowhere", remedy: "correct the link, or leave it out")
        }
        return real
    }
}

/// Follows links as they will be in the image, where the store is at its logical place, and not as on this machine.
struct LogicalLinks {
    /// As many as Linux follows (path_resolution(7)).
    private static let limit = 40

    private let store: StoreLocation

    init(_ store: StoreLocation) {
        self.store = store
    }

    /// The logical path that a logical path leads to when its last component is a link: still a link if it leads out of
    /// the store, as that is not known before there is an image.
    ///
    /// - Throws: `ToolError` with code `data` for links that go round in a circle.
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
            cause: "it leads through more than \(Self.limit) links", remedy: "see whether they go round in a circle")
    }

    private func exists(_ path: FilePath) -> Bool {
        var status = stat()
        return store.machinePath(of: path.string).withPlatformString { lstat($0, &status) } == 0
    }

    private func link(at path: FilePath) -> FilePath? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = store.machinePath(of: path.string).withPlatformString { readlink($0, &buffer, buffer.count - 1) }
        guard length > 0 else { return nil }
        // The rest of the buffer is zeros.
        return FilePath(platformString: buffer)
    }
}
