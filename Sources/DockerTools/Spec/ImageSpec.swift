import Archives
import Store
import SystemPackage

/// What an image is made of: a spec whose every value is checked and resolved.
public struct ImageSpec: Hashable, Sendable {
    /// The spec in messages: `the spec 'hello.json'`.
    public let source: String
    /// The repository's name, in lower case; empty where it is the base's.
    public let name: String
    /// Nil: the tag is made from the image's ID.
    public let tag: String?
    /// The base image; nil: there is none.
    public let fromImage: BaseSource?
    /// The image's name in the base archive; nil: any.
    public let fromImageName: String?
    /// The image's tag in the base archive; nil: any.
    public let fromImageTag: String?
    /// Whether all of the base's configuration is taken over, and not its Env alone.
    public let inheritConfig: Bool
    /// Each path once, in the spec's order.
    public let contents: [ContentPath]
    /// The run-time configuration of the image specification v1.2, an object without nulls.
    public let config: JSONValue
    /// The image's time of creation, which is metadata only.
    public let created: Timestamp
    /// The time of the files that the image adds, in seconds since 1970.
    public let mtime: Int64
    /// The processor by Go's name, such as `amd64`; nil: the base's, without a base this machine's.
    public let architecture: String?
    /// The processor's variant, such as `v8`.
    public let variant: String?
    /// The owning user's number, of the files that the image adds: 0 to 2^32-2.
    public let uid: UInt64
    /// The owning group's number, likewise.
    public let gid: UInt64
    /// The owning user's name, likewise.
    public let uname: String
    /// The owning group's name, likewise.
    public let gname: String
    /// Bash, empty if there is nothing to run.
    public let extraCommands: String
    /// As `extraCommands`, but what only root may do is believed; empty if there is nothing to run.
    public let fakeRootCommands: String
    /// Whether `fakeRootCommands` runs with the image as `/`.
    public let enableFakechroot: Bool
    /// What root runs in a virtual machine, over the base and the layer; empty if there is nothing to run. The helper stands
    /// in the place of its name.
    public let runAsRoot: String
    /// The virtual machine's disk in MiB.
    public let diskSize: Int
    /// The virtual machine's memory in MiB.
    public let buildVMMemorySize: Int
    /// Whether links to folders in contents stay links that later contents go through, and do not become folders.
    public let keepContentsDirlinks: Bool
    /// The most layers, 2 to 125, the last included.
    public let maxLayers: Int
    /// How store paths are told off into layers.
    public let layering: LayeringChoice
    /// False: contents are links into a store that the image does not hold.
    public let includeStorePaths: Bool
    /// The graph file, absolute; nil: the Nix database is asked, or the store paths are scanned.
    public let closure: FilePath?
    /// The store's logical folder, and the absolute root that it lies below on this machine.
    public let storeLocation: StoreLocation
    /// The compression of a docker-archive, or of the layers in the OCI formats; of no meaning to `stream`.
    public let compressor: Compressor
    /// What deserves a look though it is no error, a line each.
    public let warnings: [String]
    /// The spec itself after `--set`, an object that says the same for JSON and TOML and holds nothing that is this
    /// machine's: no closure, storeRoot and compressor, no aliases, no nulls; store paths by their logical path,
    /// plain folders as they are written.
    public let buildArgs: JSONValue
}
