import ByteIO
import Images
import Store
import Tar

/// A script of the spec that changes the files of a layer.
protocol LayerScript: Sendable {
    /// The files of the layer after the script ran.
    associatedtype Output: Sendable

    /// The spec's key that holds the script.
    static var key: String { get }

    var build: BuildContext { get }

    /// The text of the script; empty if there is nothing to run.
    var text: String { get }

    /// Runs the script.
    ///
    /// - Parameter tree: the files of the layer before the script runs.
    /// - Throws: `ToolError`: `script` for a script that failed, `unavailable` for what it needs and this machine does
    ///   not have.
    func run(on tree: FileTree) async throws -> Output
}

/// The files of a layer that a script may have changed.
struct ScriptedTree: Sendable {
    let tree: FileTree
    /// The directory that holds the files; nil if no script ran.
    let work: WorkDirectory?
}

extension LayerScript {
    /// The script as a process of this machine.
    ///
    /// - Parameter session: the command that runs the script's command, which follows as its last arguments.
    func script(session: [String] = []) -> Script {
        Script(key: Self.key, text: text, modified: build.spec.mtime, session: session)
    }

    /// Makes the layer of a tar that the script left.
    ///
    /// The tar is rewritten in this program's format, and the store paths follow that it refers to and that are not in
    /// the image yet.
    ///
    /// - Parameters:
    ///   - tar: an uncompressed tar that nothing has checked.
    ///   - addsStorePaths: whether store paths are added.
    ///   - entries: the entries that replace an entry of the tar.
    /// - Throws: `ToolError` with code `data` for an entry that no layer may have.
    func layer(
        of tar: FileRange, addsStorePaths: Bool, entries: (TarMember) -> [TarMember] = { [$0] }
    ) async throws -> SpooledLayer {
        let name = "the layer of \(Self.key)"
        let file = try build.context.spool.makeFile(name)
        let own = try withoutActuallyEscaping(entries) { entries in
            let normalizer = LayerNormalizer(base: build.rootfs, owner: build.spec.owner, entries: entries)
            return try file.keep { try normalizer.copy(tar, name: name, to: $0) }.0
        }
        var rootfs = build.rootfs ?? RootFilesystem()
        try rootfs.apply(own, name: name)
        let paths =
            addsStorePaths ? try await build.closures.closure(of: own, over: rootfs).paths(missingIn: rootfs) : []
        // A tar of the store paths alone: its end marks the end of both.
        let rest = try file.keep { try storeLayer(paths, over: rootfs).open().write(to: $0) }.0
        return try SpooledLayer(
            title: CustomizationLayer.title, storePaths: paths,
            tar: FileRange(file: own.file, offset: own.offset, size: own.size + rest.size))
    }

    /// The store paths in the root of the image, with the parent directories that do not exist yet.
    private func storeLayer(_ paths: [StorePath], over rootfs: RootFilesystem) -> FileLayer {
        let store = build.spec.storeLocation
        return FileLayer(
            title: "store paths", storePaths: paths,
            directories: paths.isEmpty
                ? [] : store.directories(like: nil) { rootfs.directory(at: $0) != nil },
            parts: store.parts(paths), owner: build.spec.storeOwner, whiteoutNames: .refused)
    }
}
