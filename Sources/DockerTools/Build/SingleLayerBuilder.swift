import ByteIO
import Images
import Layering
import Store
import Tar

/// Builds an image with one layer above the base's: copies of `contents`, what the scripts created, and the store paths
/// that those refer to.
enum SingleLayerBuilder {
    /// Builds the layer, for which the base's layers are read.
    ///
    /// - Throws: `ToolError`: `data` for a missing path or contents that cannot be merged, `script` for a script that
    ///   failed, `unavailable` for a missing program, `io` for a file that cannot be read.
    static func build(_ build: BuildContext) async throws -> BuiltImage {
        let spec = build.spec
        try LayerBudget.checkSingleLayer(onBaseLayers: build.baseLayers.count)
        try Contents.check(spec)
        var build = build
        try build.readRootfs(needsBodies: !spec.runAsRoot.isEmpty)
        let contents = try contents(build)
        let own = spec.runAsRoot.isEmpty ? try await layer(contents, build) : try await scriptLayer(contents, build)
        // The image's digest depends on the comment, so it does not follow the name that the layer has elsewhere.
        return try BuiltImage(
            spec: spec, base: build.base, layers: build.baseLayers + [own.layer],
            comments: HistoryComments.of([own.layer], other: "the image's own layer"), plan: .empty, work: own.work
        ).checked()
    }

    private static func contents(_ build: BuildContext) throws -> FileTree {
        let (merged, clashes) = try TreeMerger.merge(
            sources(build.spec), build.spec.keepContentsDirlinks ? .laterWinsThroughLinks : .laterWins)
        try merged.refuseWhiteoutNames()
        for path in clashes {
            build.context.reporter.warn(
                "contents have a directory and another file at \(path): the later one is used")
        }
        build.context.reporter.warn(ofSocketsIn: merged)
        return merged
    }

    /// The contents as trees: a tree outside of the store keeps all that a layer can hold, a store path what a store
    /// holds.
    private static func sources(_ spec: ImageSpec) throws -> [TreeMerger.Source] {
        let links = spec.keepContentsDirlinks ? nil : DirectoryLinks(spec.storeLocation)
        return try spec.contents.map { content in
            let (path, name) = try Contents.place(of: content, in: spec.storeLocation)
            let facts: FileTree.Facts = content.storePath == nil ? .linksAndAttributes : .contents
            let tree = try FileTree.walk(path, keeping: facts, following: links)
            return .copied(tree.ofStorePath(content.storePath != nil), name: name)
        }
    }

    private static func layer(
        _ contents: FileTree, _ build: BuildContext
    ) async throws -> (layer: any Layer, work: WorkDirectory?) {
        let files = try await ExtraCommands(build: build).run(on: contents)
        let tree = try build.rootfs.map { try files.tree.laid(over: $0) } ?? files.tree
        let paths = try await build.closures.closure(of: tree, over: build.rootfs).paths(missingIn: build.rootfs)
        let store = build.spec.storeLocation
        let layer = FileLayer(
            title: CustomizationLayer.title, storePaths: paths,
            directories: paths.isEmpty ? [] : storeDirectories(beside: tree, build),
            parts: [FileLayer.Part(.tree(tree), at: "")] + store.parts(paths), owner: build.spec.owner,
            storeOwner: build.spec.storeOwner, cache: build.context.digestCache, whiteoutNames: .refused)
        return (layer, files.work)
    }

    /// The layer of an image whose scripts run as root.
    private static func scriptLayer(
        _ contents: FileTree, _ build: BuildContext
    ) async throws -> (layer: any Layer, work: WorkDirectory?) {
        let tree = try build.rootfs.map { try contents.laid(over: $0) } ?? contents
        return (try await RunAsRoot(build: build).run(on: tree), nil)
    }

    /// The store's directory and its parents, without those that the tree has.
    private static func storeDirectories(beside tree: FileTree, _ build: BuildContext) -> [FileLayer.Directory] {
        var existing: Set<[UInt8]> = []
        tree.forEach { entry, path, _ in
            if entry.kind == .directory { existing.insert(Array(path)) }
        }
        return build.spec.storeLocation.directories(like: build.rootfs, except: existing.contains)
    }
}

extension Closure {
    /// The store paths of the closure that a root file system does not have, sorted by name.
    func paths(missingIn rootfs: RootFilesystem?) -> [StorePath] {
        nodes.map(\.path)
            .filter { rootfs?.find(Array($0.path.utf8), followsLast: false) == nil }
            .sorted { $0.baseName < $1.baseName }
    }
}

extension StoreLocation {
    /// The store's directory and its parents, as directories of a layer of the image's root.
    ///
    /// - Parameters:
    ///   - rootfs: a directory that exists here keeps its mode and owner.
    ///   - exists: whether a directory needs no entry; its argument is a path relative to the root.
    func directories(like rootfs: RootFilesystem?, except exists: ([UInt8]) -> Bool) -> [FileLayer.Directory] {
        var directories: [FileLayer.Directory] = []
        var path: [UInt8] = []
        for component in storeDir.split(separator: "/") {
            path += (path.isEmpty ? [] : [UInt8(ascii: "/")]) + Array(component.utf8)
            guard !exists(path) else { continue }
            directories.append(FileLayer.Directory(path + [UInt8(ascii: "/")], like: rootfs?.directory(at: path)))
        }
        return directories
    }

    /// Store paths as parts of a layer of the image's root, whose member names have no leading slash.
    func parts(_ paths: [StorePath]) -> [FileLayer.Part] {
        paths.map {
            FileLayer.Part(.path(machinePath(of: $0)), at: String($0.path.drop { $0 == "/" }), isStorePath: true)
        }
    }
}

extension ImageSpec {
    /// The owner and the time of the files that the image adds.
    var owner: TarOwner {
        TarOwner(uid: uid, gid: gid, userName: uname, groupName: gname, modified: mtime)
    }

    /// The owner and the time of the files of store paths.
    var storeOwner: TarOwner {
        TarOwner(uid: uid, gid: gid, userName: uname, groupName: gname, modified: storeMtime ?? mtime)
    }
}
