import Archives
import Failures
import Images
import Store
import Tar

/// The layer that a script left as a tar, where it was root, or believed so: in a virtual machine or a namespace.
struct ScriptLayer {
    let spec: ImageSpec
    /// What the layers below come to; nil without any.
    let base: FlatTree?
    let surroundings: Surroundings
    let reporter: any Reporter

    /// Makes the layer: the tar in this program's form, and behind it the store paths that it refers to and that are not
    /// there yet.
    ///
    /// - Parameters:
    ///   - tar: what the script left, which is not believed.
    ///   - key: the spec's key that the script stands in.
    ///   - bringsStorePaths: whether store paths come along.
    ///   - entries: what stands in the place of each entry of the tar.
    /// - Throws: `Failure` with code `data` for what no layer may hold.
    func make(
        _ tar: FileRange, key: String, title: String, bringsStorePaths: Bool,
        entries: (TarMember) -> [TarMember] = { [$0] }
    ) async throws -> SpooledLayer {
        let name = "the layer of \(key)"
        let file = try surroundings.spool.makeFile(name)
        let own = try withoutActuallyEscaping(entries) { entries in
            let normalizer = LayerNormalizer(base: base, owner: spec.owner, entries: entries)
            return try file.keep { try normalizer.copy(tar, name: name, to: $0) }.0
        }
        var tree = base ?? FlatTree()
        try tree.apply(own, name: name)
        var paths: [StorePath] = []
        if bringsStorePaths {
            let closure = try await ClosureSearch(spec).closure(of: own, reporter: reporter)
            paths = closure.nodes.map(\.path)
                .filter { tree.find(Array($0.path.utf8), followsLast: false) == nil }
                .sorted { $0.baseName < $1.baseName }
        }
        // A tar of the store paths alone, whose end is the end of both.
        let rest = try file.keep { try storeLayer(paths, beside: tree).open().write(to: $0) }.0
        return try SpooledLayer(
            title: title, storePaths: paths,
            tar: FileRange(file: own.file, offset: own.offset, size: own.size + rest.size))
    }

    /// The store paths in the root of the image, with the folders on the way that are not there yet.
    private func storeLayer(_ paths: [StorePath], beside tree: FlatTree) -> FileLayer {
        FileLayer(
            title: "store paths", storePaths: paths,
            folders: paths.isEmpty ? [] : spec.storeLocation.folders(like: nil) { tree.folder(at: $0) != nil },
            parts: spec.storeLocation.parts(paths), owner: spec.owner)
    }
}
