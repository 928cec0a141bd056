import Compression
import Images
import JSON
import Layering
import OCI

/// A key of the spec: its names, verbs, type, default and description.
struct SpecKey: Sendable {
    var name: String
    /// Another name of the key.
    var alias: String?
    /// The verbs that use the key.
    var verbs: [SpecVerb]
    /// The verbs that accept the key and ignore it.
    var ignoredBy: [SpecVerb] = []
    /// The verbs that require the key.
    var requiredBy: [SpecVerb] = []
    var type: SpecType
    /// The default; nil if there is none, or if it depends on the machine.
    var defaultValue: JSONValue?
    /// A description in one line.
    var meaning: String
    /// Whether the key is implemented; a key of nixpkgs that is not only accepts its default.
    var isImplemented = true

    init(
        _ name: String, alias: String? = nil, _ verbs: [SpecVerb], _ type: SpecType, default defaultValue: JSONValue?,
        _ meaning: String
    ) {
        self.name = name
        self.alias = alias
        self.verbs = verbs
        self.type = type
        self.defaultValue = defaultValue
        self.meaning = meaning
    }

    /// The name and the alias.
    var names: [String] { [name] + [alias].compactMap { $0 } }

    /// The key of a name or alias.
    static func named(_ name: String) -> SpecKey? {
        table.first { $0.names.contains(name) }
    }

    /// The names of the keys that a verb accepts.
    static func names(for verb: SpecVerb) -> [String] {
        table.filter { $0.verbs.contains(verb) || $0.ignoredBy.contains(verb) }.flatMap(\.names)
    }

    private func ignored(by verbs: SpecVerb...) -> SpecKey {
        var key = self
        key.ignoredBy = verbs
        return key
    }

    private func required(by verbs: SpecVerb...) -> SpecKey {
        var key = self
        key.requiredBy = verbs
        return key
    }

    private var notImplemented: SpecKey {
        var key = self
        key.isImplemented = false
        return key
    }
}

extension SpecKey {
    private static let images: [SpecVerb] = [.build, .layered, .stream]
    private static let withExport: [SpecVerb] = images + [.export]
    private static let layeredOnly: [SpecVerb] = [.layered, .stream]
    /// User and group IDs of Linux, where 2^32-1 stands for "unchanged" (chown(2)).
    private static let owner = SpecType.integer(0...4_294_967_294)
    private static let timestamp = SpecType.pattern(.timestamp)
    private static let path = SpecType.pattern(.path)

    /// All keys, in the order of the schema.
    static let table: [SpecKey] = imageKeys + fileKeys + layerKeys + storeKeys + pullKeys

    private static let imageKeys = [
        SpecKey(
            "name", withExport, .pattern(.imageName), default: nil,
            "The name of the repository, with or without a registry; it is lower-cased."
        ).required(by: .build, .layered, .stream),
        SpecKey(
            "tag", images, .nullable(.pattern(.tag)), default: .null,
            "The tag; null: the first 160 bits of the image ID in Nix base-32."),
        SpecKey(
            "fromImage", withExport,
            .nullable(
                .either([
                    path,
                    .record([SpecField("pull", .record(pullFields, open: false), "An image to pull.")], open: false),
                ])),
            default: .null,
            "The base image: all that the command line takes as an image, another spec, or an image to pull."
        ).required(by: .export),
        SpecKey(
            "fromImageName", withExport, .nullable(.string), default: .null,
            "The name of the image in the base archive; null: the first image."
        ),
        SpecKey(
            "fromImageTag", withExport, .nullable(.string), default: .null,
            "The tag of the image in the base archive; null: the first image."
        ),
        SpecKey(
            "config", images, .record(ContainerConfigFields.all, open: true), default: [:],
            "The run-time configuration of containers (Docker Image Specification v1.2)."),
        SpecKey(
            "annotations", images, .nullable(.map(keys: nil, values: .string)), default: [:],
            "Annotations of the manifest in OCI formats and registries, such as org.opencontainers.image.source."),
        SpecKey(
            "inheritConfig", images, .nullable(.bool), default: false,
            "Inherit all of the base image's config, instead of Env only."
        ),
        SpecKey(
            "created", images, timestamp, default: "1970-01-01T00:00:01Z",
            "The creation time in the image's config; SOURCE_DATE_EPOCH sets the default."),
        SpecKey(
            "architecture", images, .choice(HostArchitecture.known + HostArchitecture.aliases.keys.sorted()),
            default: nil,
            "The GOARCH name of the architecture; by default the base's, or this machine's without a base."),
        SpecKey(
            "variant", images, .nullable(.pattern(.variant)), default: .null,
            "The variant of the architecture, such as v8."),
    ]

    private static let fileKeys = [
        SpecKey(
            "contents", alias: "copyToRoot", images, .either([path, .list(path)]), default: [],
            "Store paths, directories or files whose files appear in the root of the image."),
        SpecKey(
            "mtime", images, timestamp, default: "1970-01-01T00:00:01Z",
            "The modification time of the files that this image adds; SOURCE_DATE_EPOCH sets the default of all but store paths."
        ),
        SpecKey("uid", images, owner, default: 0, "The user ID of the files that this image adds."),
        SpecKey("gid", images, owner, default: 0, "The group ID of the files that this image adds."),
        SpecKey(
            "uname", images, .pattern(.ownerName), default: "root", "The user name of the files that this image adds."),
        SpecKey(
            "gname", images, .pattern(.ownerName), default: "root",
            "The group name of the files that this image adds."),
        SpecKey(
            "extraCommands", images, .string, default: "",
            "Bash that runs in the directory of the customization layer before it is packed."),
        SpecKey(
            "fakeRootCommands", layeredOnly, .nullable(.string), default: "",
            "Bash that runs like extraCommands, and after it, with root emulation: chown, mknod and setcap work."
        ),
        SpecKey(
            "enableFakechroot", layeredOnly, .nullable(.bool), default: false,
            "Run fakeRootCommands with the image as /, in its own namespaces."
        ),
        SpecKey(
            "runAsRoot", [.build], .nullable(.string), default: .null,
            "Bash that runs as root in a virtual machine, over the base and this layer."
        ),
        SpecKey(
            "diskSize", [.build], .nullable(.integer(1...(1 << 24))), default: 1024,
            "The disk of the virtual machine in MiB."
        ),
        SpecKey(
            "buildVMMemorySize", [.build], .nullable(.integer(64...(1 << 24))), default: 512,
            "The memory of the virtual machine in MiB."
        ),
        SpecKey(
            "keepContentsDirlinks", [.build], .nullable(.bool), default: false,
            "Keep a link to a directory in contents, with the files of later contents behind it."
        ),
    ]

    private static let layerKeys = [
        SpecKey(
            "maxLayers", layeredOnly, .integer(2...Int64(LayerBudget.limit)), default: 100,
            "The maximum number of layers, with those of the base and the customization layer."),
        SpecKey(
            "layering", layeredOnly, .choice(LayeringChoice.allCases.map(\.rawValue)), default: "popularity",
            "How store paths are assigned to layers: by popularity or by size."),
        SpecKey(
            "includeStorePaths", layeredOnly, .bool, default: true,
            "Add the store paths to the image; false: only links into a store that is mounted in the container."),
        SpecKey(
            "includeNixDB", images, .nullable(.bool), default: false, "Add a Nix database of the store paths."
        ).notImplemented,
        SpecKey(
            "compressor", [.build, .layered], .choice(Compressor.allCases.map(\.rawValue)), default: "gz",
            "The compression of a docker-archive, or of the layers in the OCI formats."
        ).ignored(by: .stream),
    ]

    private static let storeKeys = [
        SpecKey(
            "closure", images, .nullable(path), default: .null,
            "A graph file with the references of the store paths; null: the Nix database, or a scan of the files."),
        SpecKey(
            "storeDir", images, .pattern(.storeDirectory), default: "/nix/store",
            "The store's directory in the image."),
        SpecKey("storeRoot", images, path, default: "/", "The directory of this machine that holds storeDir."),
    ]

    private static let pullKeys = [
        SpecKey(
            "imageName", [.pull], .pattern(.pulledName), default: nil,
            "The name of the image to pull; without a registry it is on Docker Hub."
        ).required(by: .pull),
        SpecKey(
            "imageDigest", [.pull], .pattern(.digest), default: nil,
            "The digest of the manifest, or of an index that has it: sha256:…."
        ).required(by: .pull),
        SpecKey(
            "sha256", alias: "hash", [.pull], .pattern(.hash), default: nil,
            "The hash of the docker-archive of the image: Nix base-32, hexadecimal or SRI."
        ).required(by: .pull),
        SpecKey(
            "finalImageName", [.pull], .nullable(.pattern(.pulledName)), default: .null,
            "The name in the archive; null: imageName."),
        SpecKey("finalImageTag", [.pull], .nullable(.pattern(.tag)), default: "latest", "The tag in the archive."),
        SpecKey(
            "os", [.pull], .nullable(.pattern(.system)), default: "linux", "The operating system to pull for."),
        SpecKey(
            "arch", [.pull], .nullable(.choice(HostArchitecture.known + HostArchitecture.aliases.keys.sorted())),
            default: "amd64", "The GOARCH name of the architecture to pull for."),
        SpecKey(
            "tlsVerify", [.pull], .nullable(.bool), default: true, "Whether the registry's certificate is checked."),
    ]

    /// The members of `pull` in `fromImage`: the keys of the verb `pull`.
    private static let pullFields = pullKeys.flatMap { key in
        key.names.map { SpecField($0, key.type, key.meaning) }
    }
}
