import ByteIO
import Images
package import JSON
import OCI
import Tar

extension DockerTools {
    /// Compares two images. The layers are verified at the same time.
    ///
    /// - Throws: `ToolError`: `data` for a damaged image, `io` for unreadable files.
    public func diff(_ a: ImageSource, _ b: ImageSource) async throws -> ImageDiff {
        try await run {
            let a = try await OpenedSource.open(a, context).image()
            let b = try await OpenedSource.open(b, context).image()
            return try ImageDiff.compare(a, b, context)
        }
    }
}

/// The differences of two images: of their configs and of their root file systems. The assignment of files to layers is not
/// compared.
public struct ImageDiff: Sendable {
    /// A key of the config with different values.
    package struct ConfigChange: Sendable {
        /// The path of the key: `config.Env`.
        package let key: String
        /// The values; nil if an image does not have the key.
        package let a, b: JSONValue?
    }

    /// The differences of the configs, sorted by key.
    package let config: [ConfigChange]
    /// The differences of the files, in the order of the tree.
    package let files: FileChanges

    /// Whether there are no differences.
    public var isEqual: Bool { config.isEmpty && files.isEmpty }

    /// Compares two images.
    fileprivate static func compare(_ a: any Image, _ b: any Image, _ context: Context) throws -> ImageDiff {
        let left = try ImageRootfs.merge(
            a.layers, spool: context.spool, needsBodies: true, needsIndex: false, sizeLimit: context.maxLayerSize)
        let right = try ImageRootfs.merge(
            b.layers, spool: context.spool, needsBodies: true, needsIndex: false, sizeLimit: context.maxLayerSize)
        let verifications = [left.beginVerifying(), right.beginVerifying()]
        let configs = (config(of: a), config(of: b))
        let files = try FileDiff.changes(left, right)
        for verification in verifications { try verification.finish() }
        return ImageDiff(config: changes(configs.0, configs.1, key: ""), files: files)
    }

    /// The config without the digests of the layers.
    private static func config(of image: any Image) -> JSONValue {
        .object((image.config.json.object ?? [:]).filter { $0.key != "rootfs" })
    }

    /// The differences of two values: objects are compared key by key, other values as a whole.
    private static func changes(_ a: JSONValue?, _ b: JSONValue?, key: String) -> [ConfigChange] {
        if a == b { return [] }
        guard let left = a?.object, let right = b?.object else { return [ConfigChange(key: key, a: a, b: b)] }
        return Set(left.keys).union(right.keys).sorted().flatMap { name in
            changes(left[name], right[name], key: key.isEmpty ? name : "\(key).\(name)")
        }
    }
}

extension ImageDiff {
    /// The object that `diff --json` prints:
    ///
    ///     equal   boolean
    ///     config  list of {key, a, b}: the values in A and B; null if an image does not have the key
    ///     files   list, in the order of the tree, of
    ///               path    string, below the root; bytes that are not UTF-8 are replaced
    ///               change  "added" (only in B), "removed" (only in A), "changed"
    ///               what    list of strings: type, mode, owner, size, content, link target, device, mtime, xattrs, hard links
    ///               a, b    null, or {type, mode, uid, gid, size, mtime, linkTarget, device, xattrs}: mode in octal digits,
    ///                       size in bytes, mtime in whole seconds since 1970, device MAJOR:MINOR or null, xattrs an object
    ///                       of the values in hexadecimal digits
    ///
    /// - Parameter write: receives the text in parts.
    package func writeJSON(_ write: (String) throws -> Void) rethrows {
        let config = JSONValue.array(
            config.map { ["key": .string($0.key), "a": $0.a ?? .null, "b": $0.b ?? .null] })
        try write("{\"config\":\(config.canonical),\"equal\":\(isEqual),\"files\":[")
        var separator = ""
        for file in files {
            try write(separator + file.json.canonical)
            separator = ","
        }
        try write("]}\n")
    }
}

extension FileChange {
    var change: String { a == nil ? "added" : b == nil ? "removed" : "changed" }

    fileprivate var json: JSONValue {
        [
            "path": .string(String(decoding: path, as: UTF8.self)),
            "change": .string(change),
            "what": .array(aspects.named.map { .string($0.name) }),
            "a": a?.json ?? .null,
            "b": b?.json ?? .null,
        ]
    }
}

extension RootfsEntry {
    fileprivate var json: JSONValue {
        let isDevice = kind == .characterDevice || kind == .blockDevice
        let values = xattrs.map { (String(decoding: $0.name, as: UTF8.self), JSONValue.string(Hex.encode($0.value))) }
        return [
            "type": .string(kind.displayName),
            "mode": .string(String(mode, radix: 8)),
            "uid": .int(Int64(clamping: attributes.uid)),
            "gid": .int(Int64(clamping: attributes.gid)),
            "size": .int(Int64(clamping: size)),
            "mtime": .int(attributes.modified.seconds),
            "linkTarget": kind == .symbolicLink ? .string(String(decoding: linkTarget, as: UTF8.self)) : .null,
            "device": isDevice ? .string("\(deviceMajor):\(deviceMinor)") : .null,
            "xattrs": .object(Dictionary(values) { $1 }),
        ]
    }
}

extension TarKind {
    /// The kind in messages and results.
    var displayName: String {
        switch self {
        case .file: "file"
        case .hardLink: "hard link"
        case .symbolicLink: "link"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .directory: "directory"
        case .fifo: "FIFO"
        }
    }
}

extension ImageDiff {
    /// One line for each difference: `-` is only in A, `+` is only in B, `~` differs.
    public var text: String {
        var text = ""
        writeText { text += $0 }
        return text
    }

    /// Writes `text` in parts.
    package func writeText(_ write: (String) throws -> Void) rethrows {
        if isEqual { return try write("The images are equal.\n") }
        for change in config {
            try write(
                "~ config \(change.key.onOneLine): \(Self.text(of: change.a)) -> \(Self.text(of: change.b))\n")
        }
        var counts = ["added": 0, "removed": 0, "changed": 0]
        for file in files {
            counts[file.change, default: 0] += 1
            try write(file.line + "\n")
        }
        let paths = ["added", "removed", "changed"].map { "\(counts[$0] ?? 0) \($0)" }
        try write("\(config.count) keys of the config, \(paths.joined(separator: ", ")) paths\n")
    }

    private static func text(of value: JSONValue?) -> String { value?.canonical.printable ?? "(none)" }
}

extension FileChange {
    fileprivate var line: String {
        let name = TerminalText.printable(path)
        switch (a, b) {
        case (nil, let entry?): return "+ \(name)  \(entry.summary)"
        case (let entry?, nil): return "- \(name)  \(entry.summary)"
        default: return "~ \(name)  \(aspects.named.map(text).joined(separator: ", "))"
        }
    }

    private func text(of aspect: FileAspects, named name: String) -> String {
        guard let a, let b else { return name }
        func both(_ value: (RootfsEntry) -> String) -> String { "\(name) \(value(a)) -> \(value(b))" }
        switch aspect {
        case .type: return both(\.kind.displayName)
        case .mode: return both { String($0.mode, radix: 8) }
        case .owner: return both { "\($0.attributes.uid):\($0.attributes.gid)" }
        case .size: return both { "\(ByteCount($0.size))" }
        case .linkTarget: return both { "'\(TerminalText.printable($0.linkTarget))'" }
        case .device: return both { "\($0.deviceMajor):\($0.deviceMinor)" }
        case .mtime: return both { "\($0.attributes.modified.seconds)" }
        default: return name
        }
    }
}

extension RootfsEntry {
    fileprivate var summary: String {
        let size = kind == .file ? ", \(ByteCount(size))" : ""
        return "\(kind.displayName), mode \(String(mode, radix: 8)), owner \(attributes.uid):\(attributes.gid)\(size)"
    }
}
