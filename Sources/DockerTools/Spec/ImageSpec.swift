import Compression
import JSON
import Store
import SystemPackage

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
package struct ImageSpec: Hashable, Sendable {
    /// The spec in messages: `the spec 'hello.json'`.
    package var source: String
    /// The name of the repository, with or without a registry; empty for the name of the base. It is lower-cased.
    package var name: String
    /// The tag; nil: made of the image's ID.
    package var tag: String?
    /// The base image; nil to start from nothing.
    package var fromImage: BaseSource?
    /// The name of the base image in its archive; nil: any.
    package var fromImageName: String?
    /// The tag of the base image in its archive; nil: any.
    package var fromImageTag: String?
    /// Whether all of the base's run-time configuration is inherited, instead of `Env` only.
    package var inheritConfig = false
    /// Store paths, directories and files whose files appear in the root of the image.
    package var contents: [ContentPath] = []
    /// The run-time configuration of containers.
    package var config = ContainerConfig()
    /// The creation time in the image's config.
    package var created = Timestamp.standard
    /// The modification time of the files that the image adds, in seconds since 1970.
    package var mtime = Timestamp.standard.seconds
    /// The GOARCH name of the architecture, such as `amd64`; nil: the base's, or this machine's without a base.
    package var architecture: String?
    /// The variant of the architecture, such as `v8`.
    package var variant: String?
    /// The user ID of the files that the image adds: 0…4294967294.
    package var uid: UInt64 = 0
    /// The group ID of the files that the image adds: 0…4294967294.
    package var gid: UInt64 = 0
    /// The user name of the files that the image adds.
    package var uname = "root"
    /// The group name of the files that the image adds.
    package var gname = "root"
    /// Bash that runs in the directory of the customization layer; empty: none.
    package var extraCommands = ""
    /// Bash that runs after `extraCommands` with root emulation; empty: none.
    package var fakeRootCommands = ""
    /// Whether `fakeRootCommands` runs with the image as `/`.
    package var enableFakechroot = false
    /// Bash that runs as root in a virtual machine, over the base and the layer; empty: none.
    package var runAsRoot = ""
    /// The disk of the virtual machine, in MiB: 1…16777216.
    package var diskSize = 1024
    /// The memory of the virtual machine, in MiB: 64…16777216.
    package var buildVMMemorySize = 512
    /// Whether a link to a directory in `contents` stays a link, with the files of later contents behind it.
    package var keepContentsDirlinks = false
    /// The maximum number of layers, with those of the base and the customization layer: 2…125.
    package var maxLayers = 100
    /// How store paths are assigned to layers.
    package var layering = LayeringChoice.popularity
    /// Whether the image has the store paths; false: contents are links into a store that is mounted in the container.
    package var includeStorePaths = true
    /// The graph file with the references of the store paths; nil: the Nix database, or a scan of the files.
    package var closure: FilePath?
    /// The store's directory in the image, and the directory of this machine that holds it.
    package var storeLocation = StoreLocation()
    /// The compression of a docker-archive, or of the layers in the OCI formats.
    package var compressor = Compressor.gz
    /// The warnings of the check, a line each.
    package internal(set) var warnings: [String] = []
    /// The members of the spec file, with overrides; nil for a spec made in code that is not checked yet.
    var fileMembers: [String: JSONValue]?

    /// Makes a spec with the default of every key.
    ///
    /// - Parameter name: the name of the repository.
    package init(name: String) {
        self.name = name
        source = "the spec of '\(name)'"
    }
}

/// The base image of a spec.
package enum BaseSource: Hashable, Sendable {
    /// An archive, an OCI layout, or another spec.
    case path(FilePath)
    /// An image of a registry.
    case pull(PullSpec)
}

/// How store paths are assigned to layers.
package enum LayeringChoice: String, CaseIterable, Sendable {
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
