import Digests
import Failures
import Glibc
import Store
import SystemPackage
import Tar

/// A layer made from files on this machine: store paths, or what stands in the root of the image.
public struct FileLayer: Layer {
    /// A tree of the layer, and where in the image it stands.
    public struct Part: Sendable {
        /// The tree, or the path where it is read when the layer is opened.
        public enum Source: Sendable {
            case path(FilePath)
            case tree(FileTree)
        }

        public var source: Source
        /// The name of the tree's root in the layer; empty for the root of the image, which gets no entry of its own.
        public var place: String

        public init(_ source: Source, at place: String) {
            self.source = source
            self.place = place
        }
    }

    /// A folder that gets an entry before all else: a parent of the parts.
    public struct Folder: Sendable {
        /// As it is written, with a slash behind it.
        public var path: [UInt8]
        public var mode: UInt16
        public var xattrs: [TarXattr]
        /// Owner and time; nil for those of the layer.
        public var attributes: TarAttributes?

        /// Mode 0755, unless a base has the folder.
        public init(_ path: [UInt8], like base: BaseFolder? = nil) {
            self.path = path
            mode = base?.mode ?? 0o755
            xattrs = base?.xattrs ?? []
            attributes = base?.attributes
        }
    }

    public let storePaths: [StorePath]
    public let title: String
    let folders: [Folder]
    let parts: [Part]
    let owner: TarOwner
    let cache: DigestCache?

    /// - Parameters:
    ///   - title: what the layer is, for people.
    ///   - storePaths: the store paths in it.
    ///   - folders: folders that are written before all else: the parents of the parts.
    ///   - parts: the trees, in the order that they have in the layer.
    ///   - owner: owner and time of all entries.
    ///   - cache: where digests are kept, nil for nowhere.
    public init(
        title: String, storePaths: [StorePath] = [], folders: [Folder] = [], parts: [Part], owner: TarOwner,
        cache: DigestCache? = nil
    ) {
        self.title = title
        self.storePaths = storePaths
        self.folders = folders
        self.parts = parts
        self.owner = owner
        self.cache = cache
    }

    /// The layer of some store paths: the store's folder and its parents, then the paths.
    public init(store: StoreLocation, paths: [StorePath], owner: TarOwner, cache: DigestCache?) {
        var folders: [Folder] = []
        var folder = ""
        for component in store.storeDir.split(separator: "/") {
            folder += "/\(component)"
            folders.append(Folder(Array("\(folder)/".utf8)))
        }
        let others = paths.count > 1 ? " and \(paths.count - 1) more" : ""
        self.init(
            title: (paths.first?.baseName ?? "nothing") + others, storePaths: paths, folders: folders,
            parts: paths.map { Part(.path(store.machinePath(of: $0)), at: $0.path) }, owner: owner, cache: cache)
    }

    public func open() throws -> any OpenLayer {
        try OpenFileLayer(self)
    }
}
