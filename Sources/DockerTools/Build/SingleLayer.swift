import ByteIO
import Images
import Store
import SystemPackage

/// Makes the one layer of an image that `build` makes: contents copied into the root, what the commands did, and the store
/// paths that all that refers to.
struct SingleLayer {
    let spec: ImageSpec
    let baseImage: BaseImage?
    /// What the base image comes to; nil without one.
    let flattened: RootfsOfImage?
    let context: Context
    let reporter: any Reporter

    /// - Throws: `ToolError`: `data` for contents that cannot be laid over one another, `script` for a script that failed, `io`
    ///   for what cannot be read.
    func make() async throws -> (layer: any Layer, work: WorkDirectory?) {
        let (merged, clashes) = try TreeMerger.merge(
            sources, spec.keepContentsDirlinks ? .laterWinsThroughLinks : .laterWins)
        for path in clashes {
            reporter.warn("contents have a directory and something else at \(path): the later one wins")
        }
        reporter.warn(ofSocketsIn: merged)
        guard spec.runAsRoot.isEmpty else { return (try await makeAsRoot(merged), nil) }
        let (changed, work) = try await ExtraCommands(spec, context, reporter).run(in: merged)
        let tree = try base.map { try changed.laid(over: $0) } ?? changed
        let paths = try await storePaths(tree)
        let layer = FileLayer(
            title: Self.title, storePaths: paths, directories: paths.isEmpty ? [] : storeDirectories(beside: tree),
            parts: [FileLayer.Part(.tree(tree), at: "")] + spec.storeLocation.parts(paths), owner: spec.owner,
            cache: context.digestCache)
        return (layer, work)
    }

    private var base: RootFilesystem? { flattened?.tree }

    /// The same where root has to run something.
    private func makeAsRoot(_ contents: FileTree) async throws -> any Layer {
        let contents = try base.map { try contents.laid(over: $0) } ?? contents
        let tar = try await RunAsRoot(
            spec: spec, base: baseImage, flattened: flattened, context: context, reporter: reporter
        ).run(on: contents)
        return try await ScriptLayer(spec: spec, base: base, context: context, reporter: reporter)
            .make(tar, key: RunAsRoot.key, title: Self.title, bringsStorePaths: true)
    }

    private static let title = "the image's own layer"

    /// The contents as trees: of plain directories all that a layer can hold, of store paths what a store holds.
    private var sources: [TreeMerger.Source] {
        get throws {
            let links = spec.keepContentsDirlinks ? nil : DirectoryLinks(spec.storeLocation)
            return try spec.contents.map { content in
                let (path, name) = try Contents.place(of: content, in: spec.storeLocation)
                let facts: FileTree.Facts = content.storePath == nil ? .linksAndAttributes : .contents
                return .copied(try FileTree.walk(path, keeping: facts, following: links), name: name)
            }
        }
    }

    /// The store paths that the layer's files, the config or a command refer to, with all that those refer to, but for those
    /// that the base has.
    private func storePaths(_ tree: FileTree) async throws -> [StorePath] {
        let closure = try await ClosureSearch(spec).closure(of: tree, reporter: reporter)
        return closure.nodes.map(\.path)
            .filter { base?.find(Array($0.path.utf8), followsLast: false) == nil }
            .sorted { $0.baseName < $1.baseName }
    }

    /// The store's directory and its parents, but for those that the tree brings.
    private func storeDirectories(beside tree: FileTree) -> [FileLayer.Directory] {
        var brought: Set<[UInt8]> = []
        tree.forEach { entry, path, _ in
            if entry.kind == .directory { brought.insert(Array(path)) }
        }
        return spec.storeLocation.directories(like: base, butFor: brought.contains)
    }
}

/// An image made from a spec with one layer of its own, over the base's.
struct SingleLayerImage: BuiltImage {
    let spec: ImageSpec
    let base: BaseImage?
    let layers: [any Layer]
    /// What the script was run in: it holds the files of the layer, and goes when the image does.
    let work: WorkDirectory?
    var keepsBuildArgs = true

    var comments: [String] {
        let paths = (layers.last?.storePaths ?? []).map { "'\($0)'" }.joined(separator: ", ")
        return [paths.isEmpty ? "the image's own layer" : "store paths: [\(paths)]"]
    }

    func reason(_ path: StorePath) -> String { "" }

    /// Makes the layer, which takes a look at what is in the base's.
    init(_ spec: ImageSpec, base: BaseImage?, context: Context, reporter: any Reporter) async throws {
        try Contents.check(spec)
        let flattened = try base.map {
            try RootfsOfImage($0.layers, spool: context.spool, needsBodies: !spec.runAsRoot.isEmpty)
        }
        let own = try await SingleLayer(
            spec: spec, baseImage: base, flattened: flattened, context: context, reporter: reporter
        ).make()
        self.spec = spec
        self.base = base
        layers = (flattened?.layers ?? []) + [own.layer]
        work = own.work
    }
}

extension StoreLocation {
    /// The store's directory and its parents, as a layer of the image's root has them, but for those that are there.
    ///
    /// - Parameters:
    ///   - base: a directory that it has is like there.
    ///   - isThere: is asked with the path below the root, without a slash before or behind it.
    func directories(like base: RootFilesystem?, butFor isThere: ([UInt8]) -> Bool) -> [FileLayer.Directory] {
        var directories: [FileLayer.Directory] = []
        var path: [UInt8] = []
        for component in storeDir.split(separator: "/") {
            path += (path.isEmpty ? [] : [UInt8(ascii: "/")]) + Array(component.utf8)
            guard !isThere(path) else { continue }
            directories.append(FileLayer.Directory(path + [UInt8(ascii: "/")], like: base?.directory(at: path)))
        }
        return directories
    }

    /// Store paths as parts of a layer of the image's root, whose names begin without a slash.
    func parts(_ paths: [StorePath]) -> [FileLayer.Part] {
        paths.map { FileLayer.Part(.path(machinePath(of: $0)), at: String($0.path.drop { $0 == "/" })) }
    }
}
