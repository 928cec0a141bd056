public import Compression
package import JSON
package import Store
public import SystemPackage

/// The spec of an image: what it is built from, and how.
///
/// A spec file is read by `read`; a spec can also be made in code:
///
///     var spec = ImageSpec(name: "app")
///     spec.contents = ["/nix/store/…-app"]
///     spec.config.cmd = ["/bin/app"]
///
/// The defaults are those of the spec file, except that `created` and `mtime` do not follow SOURCE_DATE_EPOCH. Values
/// are checked when the image is built. Relative paths start from the current directory of the context.
public struct ImageSpec: Hashable, Sendable {
    /// The spec in messages: `the spec 'hello.json'`.
    public var source: String
    /// The name of the repository, with or without a registry; empty for the name of the base. It is lower-cased.
    public var name: String
    /// The tag; nil: made of the image's ID.
    public var tag: String?
    /// The base image; nil to start from nothing.
    public var fromImage: BaseSource?
    /// The name of the base image in its archive; nil: any.
    public var fromImageName: String?
    /// The tag of the base image in its archive; nil: any.
    public var fromImageTag: String?
    /// Whether all of the base's run-time configuration is inherited, instead of `Env` only.
    public var inheritConfig = false
    /// Store paths, directories and files whose files appear in the root of the image.
    public var contents: [ContentPath] = []
    /// The run-time configuration of containers.
    public var config = ContainerConfig()
    /// The annotations of the image's manifest in OCI formats and in registries, by keys such as
    /// `org.opencontainers.image.source`.
    public var annotations: [String: String] = [:]
    /// The creation time in the image's config.
    public var created = Timestamp.standard
    /// The modification time of the files that the image adds, in seconds since 1970.
    public var mtime = Timestamp.standard.seconds { didSet { storeMtime = nil } }
    /// The modification time of the files of store paths, in seconds since 1970; nil: `mtime`.
    ///
    /// It does not depend on SOURCE_DATE_EPOCH, which every Nix shell exports: the layers would not be nixpkgs'.
    var storeMtime: Int64?
    /// The GOARCH name of the architecture, such as `amd64`; nil: the base's, or this machine's without a base.
    public var architecture: String?
    /// The variant of the architecture, such as `v8`.
    public var variant: String?
    /// The user ID of the files that the image adds: 0…4294967294.
    public var uid: UInt64 = 0
    /// The group ID of the files that the image adds: 0…4294967294.
    public var gid: UInt64 = 0
    /// The user name of the files that the image adds.
    public var uname = "root"
    /// The group name of the files that the image adds.
    public var gname = "root"
    /// Bash that runs in the directory of the customization layer; empty: none.
    public var extraCommands = ""
    /// Bash that runs after `extraCommands` with root emulation; empty: none.
    public var fakeRootCommands = ""
    /// Whether `fakeRootCommands` runs with the image as `/`.
    public var enableFakechroot = false
    /// Bash that runs as root in a virtual machine, over the base and the layer; empty: none.
    public var runAsRoot = ""
    /// The disk of the virtual machine, in MiB: 1…16777216.
    public var diskSize = 1024
    /// The memory of the virtual machine, in MiB: 64…16777216.
    public var buildVMMemorySize = 512
    /// Whether a link to a directory in `contents` stays a link, with the files of later contents behind it.
    public var keepContentsDirlinks = false
    /// The maximum number of layers, with those of the base and the customization layer: 2…125.
    public var maxLayers = 100
    /// How store paths are assigned to layers.
    public var layering = LayeringChoice.popularity
    /// Whether the image has the store paths; false: contents are links into a store that is mounted in the container.
    public var includeStorePaths = true
    /// The graph file with the references of the store paths; nil: the Nix database, or a scan of the files.
    public var closure: FilePath?
    /// The store's directory in the image, and the directory of this machine that holds it.
    package var storeLocation = StoreLocation()
    /// The compression of a docker-archive, or of the layers in the OCI formats; nil: the one that the output's ending
    /// says, else gzip.
    public var compressor: Compressor?
    /// The warnings of the check, a line each.
    public internal(set) var warnings: [String] = []
    /// The members of the spec file, with overrides; nil for a spec made in code that is not checked yet.
    var fileMembers: [String: JSONValue]?

    /// Makes a spec with the default of every key.
    ///
    /// - Parameter name: the name of the repository.
    public init(name: String) {
        self.name = name
        source = "the spec of '\(name)'"
    }
}

/// The base image of a spec.
public enum BaseSource: Hashable, Sendable {
    /// An archive, an OCI layout, or another spec, which may be one for `pull`.
    case path(FilePath)
    /// An image by its source: one of several in an archive or a layout, or one in a registry or of the Docker daemon.
    indirect case image(ImageSource)
    /// An image of a registry.
    case pull(PullSpec)
}

extension BaseSource {
    /// Parses the text of `fromImage`: all that a command line takes as an image.
    ///
    /// - Parameter directory: the absolute directory that relative paths start from.
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    init(parsing text: String, from directory: FilePath) throws {
        let path = text.path(from: directory)
        switch try ImageSource(parsing: text, from: directory) {
        case .specFile, .archive(path.string, nil): self = .path(path)
        case let source: self = .image(source)
        }
    }
}

/// How store paths are assigned to layers.
public enum LayeringChoice: String, CaseIterable, Sendable {
    /// The paths that most others need get layers of their own first.
    case popularity
    /// The largest paths get layers of their own first.
    case size
}

extension ImageSpec {
    /// The spec that an image was built from, as its archive records it: the same for JSON and TOML, without aliases,
    /// nulls and values that depend on the machine; store paths by their logical path, other contents as they are
    /// written.
    package var buildArgs: JSONValue {
        var args: [String: JSONValue] = [:]
        for (name, value) in fileMembers ?? members where value != .null {
            guard let key = SpecKey.named(name), !Self.machineKeys.contains(key.name) else { continue }
            args[key.name] =
                switch key.name {
                case "contents": .array(contents.map { .string($0.logicalPath ?? $0.written) })
                case "config": config.json
                case "storeDir": .string(storeLocation.storeDir)
                case "created", "mtime": value.inUTC
                case "architecture": architecture.map { .string($0) } ?? value
                default: value
                }
        }
        return .object(args)
    }

    /// The keys that differ between machines while the image stays the same.
    private static let machineKeys: Set = ["closure", "storeRoot", "compressor"]
}

extension JSONValue {
    /// A timestamp in UTC; any other value, such as "now", as it is.
    fileprivate var inUTC: JSONValue {
        string.flatMap { Timestamp($0) }.map { .string($0.description) } ?? self
    }
}
