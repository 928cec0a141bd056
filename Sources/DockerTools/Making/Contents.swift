import Failures
import Glibc
import Store
import SystemPackage

/// The paths of `contents` as trees.
enum Contents {
    /// Sees that all contents are there, before any work is done.
    ///
    /// - Throws: `Failure` with code `data` for one that is not there.
    static func check(_ spec: ImageSpec) throws {
        for content in spec.contents {
            let path = content.machinePath(in: spec.storeLocation)
            var status = stat()
            guard path.withPlatformString({ lstat($0, &status) }) == 0 else {
                let what = "cannot read '\(content.written)', which contents names in \(spec.source)"
                let error = Errno.current
                guard error == .noSuchFileOrDirectory || error == .notDirectory else { throw Failure.io(what, error) }
                throw Failure(
                    .data, what, why: "\(path) does not exist", advice: "correct contents, or make the path first")
            }
        }
    }

    /// What stands in the root of the image: plain folders and files as they are, the files of store paths as links.
    ///
    /// - Throws: `Failure` with code `io` for what cannot be read, `data` for a link that leads nowhere.
    static func sources(_ spec: ImageSpec) throws -> [TreeMerger.Source] {
        try spec.contents.map { content in
            let (path, name) = try place(of: content, in: spec.storeLocation)
            let tree = try FileTree(walking: path)
            guard let logical = content.logicalPath else { return .copied(tree, name: name) }
            return .linked(tree, name: name, target: logical)
        }
    }

    /// Where a content lies on this machine, links at its end followed; and its name in the root, if it is no folder.
    ///
    /// - Throws: `Failure` with code `io` for what cannot be read, `data` for a link that leads nowhere.
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
                throw Failure.io(what, error)
            }
            throw Failure(
                .data, what, why: "it is a link that leads nowhere", advice: "correct the link, or leave it out")
        }
        return real
    }
}
