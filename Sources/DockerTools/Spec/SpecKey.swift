import Compression
import JSON
import OCI

/// A key of the spec: all that is known of it, once.
struct SpecKey: Sendable {
    var name: String
    /// Another name of the same key.
    var alias: String?
    /// The verbs that take it.
    var verbs: [SpecVerb]
    /// The verbs that accept it and do nothing with it.
    var ignoredBy: [SpecVerb] = []
    /// The verbs that cannot do without it.
    var requiredBy: [SpecVerb] = []
    var type: SpecType
    /// The value that stands for the key's absence, nil if there is none, or if it is the machine's.
    var defaultValue: JSONValue?
    /// One line.
    var meaning: String
    /// False for a key that is known and cannot be used yet.
    var isBuilt = true

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

    /// The key's names.
    var names: [String] { [name] + [alias].compactMap { $0 } }

    /// The key of a name or alias.
    static func named(_ name: String) -> SpecKey? {
        table.first { $0.names.contains(name) }
    }

    /// The names that a mistyped key of a spec for `verb` may have meant.
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

    private var notBuiltYet: SpecKey {
        var key = self
        key.isBuilt = false
        return key
    }
}

extension SpecKey {
    private static let images: [SpecVerb] = [.build, .layered, .stream]
    private static let withExport: [SpecVerb] = images + [.export]
    private static let layeredOnly: [SpecVerb] = [.layered, .stream]
    /// The owners' numbers that Linux has: 2^32-1 means "no owner" there.
    private static let owner = SpecType.integer(0...4_294_967_294)
    private static let timestamp = SpecType.pattern(.timestamp)
    private static let path = SpecType.pattern(.path)

    /// All keys, in the order that people read them in.
    static let table: [SpecKey] = imageKeys + fileKeys + layerKeys + storeKeys + pullKeys

    private static let imageKeys = [
        SpecKey(
            "name", withExport, .pattern(.imageName), default: nil,
            "The repository's name; a registry may stand before it; lower-cased."
        ).required(by: .build, .layered, .stream),
        SpecKey(
            "tag", images, .nullable(.pattern(.tag)), default: .null,
            "The tag; null: the first 160 bits of the image's ID in Nix base-32."),
        SpecKey(
            "fromImage", withExport,
            .nullable(
                .either([
                    path,
                    .record([SpecField("pull", .record(pullFields, open: false), "An image to pull.")], open: false),
                ])),
            default: .null, "The base image: an archive, an OCI layout, another spec, or one to pull."
        ).required(by: .export),
        SpecKey(
            "fromImageName", withExport, .nullable(.string), default: .null,
            "The image's name in the base archive; null: the first one's."
        ),
        SpecKey(
            "fromImageTag", withExport, .nullable(.string), default: .null,
            "The image's tag in the base archive; null: the first one's."
        ),
        SpecKey(
            "config", images, .record(ContainerConfigFields.all, open: true), default: [:],
            "The run-time configuration of the image specification v1.2."),
        SpecKey(
            "inheritConfig", images, .nullable(.bool), default: false,
            "Take all of the base image's configuration, not its Env alone."
        ),
        SpecKey(
            "created", images, timestamp, default: "1970-01-01T00:00:01Z",
            "The image's time of creation, as metadata only; SOURCE_DATE_EPOCH sets the default."),
        SpecKey(
            "architecture", images, .choice(HostArchitecture.known), default: nil,
            "The processor, by Go's name; by default the base's, without a base this machine's."),
        SpecKey(
            "variant", images, .nullable(.pattern(.variant)), default: .null, "The processor's variant, such as v8."),
    ]

    private static let fileKeys = [
        SpecKey(
            "contents", alias: "copyToRoot", images, .either([path, .list(path)]), default: [],
            "Store paths, or plain directories, whose files appear in the image's root."),
        SpecKey(
            "mtime", images, timestamp, default: "1970-01-01T00:00:01Z",
            "The time of the files that this image adds; SOURCE_DATE_EPOCH sets the default."),
        SpecKey("uid", images, owner, default: 0, "The owning user's number, of the files that this image adds."),
        SpecKey("gid", images, owner, default: 0, "The owning group's number, of the files that this image adds."),
        SpecKey("uname", images, .pattern(.ownerName), default: "root", "The owning user's name, likewise."),
        SpecKey("gname", images, .pattern(.ownerName), default: "root", "The owning group's name, likewise."),
        SpecKey(
            "extraCommands", images, .string, default: "",
            "Bash that is run in the last layer's directory before it is packed."),
        SpecKey(
            "fakeRootCommands", layeredOnly, .nullable(.string), default: "",
            "Bash that is run as extraCommands is, after it; chown, mknod and setcap are believed."
        ),
        SpecKey(
            "enableFakechroot", layeredOnly, .nullable(.bool), default: false,
            "Run fakeRootCommands with the image as /, in namespaces of its own."
        ),
        SpecKey(
            "runAsRoot", [.build], .nullable(.string), default: .null,
            "Bash that is run as root in a virtual machine, over the base and this layer."
        ),
        SpecKey(
            "diskSize", [.build], .nullable(.integer(1...(1 << 24))), default: 1024,
            "The virtual machine's disk in MiB."
        ),
        SpecKey(
            "buildVMMemorySize", [.build], .nullable(.integer(64...(1 << 24))), default: 512,
            "The virtual machine's memory in MiB."
        ),
        SpecKey(
            "keepContentsDirlinks", [.build], .nullable(.bool), default: false,
            "Keep a link to a directory, made by an earlier one of contents, where a later one has the directory."
        ),
    ]

    private static let layerKeys = [
        SpecKey("maxLayers", layeredOnly, .integer(2...125), default: 100, "The most layers, base and last included."),
        SpecKey(
            "layering", layeredOnly, .choice(LayeringChoice.allCases.map(\.rawValue)), default: "popularity",
            "How store paths are told off into layers: by popularity or by size."),
        SpecKey(
            "includeStorePaths", layeredOnly, .bool, default: true,
            "Put the store paths into the image; false: links into a store that is mounted there."),
        SpecKey(
            "includeNixDB", images, .nullable(.bool), default: false, "Put a Nix database of the store paths in."
        ).notBuiltYet,
        SpecKey(
            "compressor", [.build, .layered], .choice(Compressor.allCases.map(\.rawValue)), default: "gz",
            "The compression of a docker-archive, or of the layers in the OCI formats."
        ).ignored(by: .stream),
    ]

    private static let storeKeys = [
        SpecKey(
            "closure", images, .nullable(path), default: .null,
            "A graph file of the store paths' references; null: ask the Nix database, else scan."),
        SpecKey(
            "storeDir", images, .pattern(.storeDirectory), default: "/nix/store", "The store's directory in the image."),
        SpecKey("storeRoot", images, path, default: "/", "The directory of this machine that holds storeDir."),
    ]

    private static let pullKeys = [
        SpecKey(
            "imageName", [.pull], .pattern(.pulledName), default: nil,
            "The image to pull, by its registry's name; Docker Hub's without a registry."
        ).required(by: .pull),
        SpecKey(
            "imageDigest", [.pull], .pattern(.digest), default: nil,
            "The digest of the manifest, or of the index that has it: sha256:…."
        ).required(by: .pull),
        SpecKey(
            "sha256", alias: "hash", [.pull], .pattern(.hash), default: nil,
            "The hash of the pulled docker-archive: Nix base-32, hex or SRI."
        ).required(by: .pull),
        SpecKey(
            "finalImageName", [.pull], .nullable(.pattern(.pulledName)), default: .null,
            "The name in the archive; null: imageName."),
        SpecKey("finalImageTag", [.pull], .nullable(.pattern(.tag)), default: "latest", "The tag in the archive."),
        SpecKey(
            "os", [.pull], .nullable(.pattern(.system)), default: "linux", "The operating system to pull for."),
        SpecKey(
            "arch", [.pull], .nullable(.choice(HostArchitecture.known + HostArchitecture.aliases.keys.sorted())),
            default: "amd64", "The processor to pull for, by Go's name, whatever this machine's is."),
        SpecKey(
            "tlsVerify", [.pull], .nullable(.bool), default: true, "Whether the registry's certificate is checked."),
    ]

    /// The members of `fromImage`'s `pull`: the keys of the verb.
    private static let pullFields = pullKeys.flatMap { key in
        key.names.map { SpecField($0, key.type, key.meaning) }
    }
}
