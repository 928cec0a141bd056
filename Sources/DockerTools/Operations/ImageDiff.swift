import ByteIO
import Images
import JSON
import OCI
import Tar

/// How two images differ: in their configs, and in the file systems that they come to. How the files are told off into
/// layers is no difference.
package struct ImageDiff: Sendable {
    /// A key of the config whose value differs.
    package struct ConfigChange: Sendable {
        /// `config.Env`.
        package let key: String
        /// Nil where the image does not have the key.
        package let a, b: JSONValue?
    }

    /// The differences of the configs, by key.
    package let config: [ConfigChange]
    /// The differences of the files, in the order of the tree.
    package let files: [FileChange]

    package var isEqual: Bool { config.isEmpty && files.isEmpty }

    /// Compares two images, whose layers are compared with their digests too.
    ///
    /// - Throws: `ToolError`: `data` for an image that is damaged, `io` for what cannot be read.
    package static func compare(
        _ a: ImageArgument, _ b: ImageArgument, context: Context, reporter: any Reporter
    ) async throws -> ImageDiff {
        let a = try await ImageOrigin(a, context, reporter).image(context, reporter)
        let b = try await ImageOrigin(b, context, reporter).image(context, reporter)
        let left = try ImageRootfs.merge(a.layers, spool: context.spool, needsBodies: true)
        let right = try ImageRootfs.merge(b.layers, spool: context.spool, needsBodies: true)
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

    /// What differs in two values: keys of objects one by one, all else as a whole.
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
    ///     config  list of {key, a, b}: the values in A and B; null where an image does not have the key
    ///     files   list, in the order of the tree, of
    ///               path    string, below the root; bytes that are not UTF-8 are replaced
    ///               change  "added" (B alone has it), "removed" (A alone has it), "changed"
    ///               what    list of strings: type, mode, owner, size, content, link target, device, mtime, xattrs, hard links
    ///               a, b    null, or {type, mode, uid, gid, size, mtime, linkTarget, device, xattrs}: mode in octal digits,
    ///                       size in bytes, mtime in whole seconds since 1970, device MAJOR:MINOR or null, xattrs an object
    ///                       of the values in hexadecimal digits
    package var json: JSONValue {
        [
            "equal": .bool(isEqual),
            "config": .array(
                config.map { ["key": .string($0.key), "a": $0.a ?? .null, "b": $0.b ?? .null] }),
            "files": .array(files.map(\.json)),
        ]
    }
}

extension FileChange {
    var change: String { a == nil ? "added" : b == nil ? "removed" : "changed" }

    fileprivate var json: JSONValue {
        [
            "path": .string(String(decoding: path, as: UTF8.self)),
            "change": .string(change),
            "what": .array(aspects.map { .string($0.rawValue) }),
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
            "type": .string(kind.word),
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
    /// What people call it.
    var word: String {
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
    /// A line for each difference: `-` what A alone has, `+` what B alone has, `~` what differs.
    package var text: String {
        if isEqual { return "The images are equal.\n" }
        let configLines = config.map { change in
            "~ config \(change.key.onOneLine): \(Self.words(change.a)) -> \(Self.words(change.b))\n"
        }
        let counts = ["added", "removed", "changed"].map { kind in "\(files.count { $0.change == kind }) \(kind)" }
        let summary = "\(config.count) keys of the config, \(counts.joined(separator: ", ")) paths\n"
        return (configLines + files.map { $0.line + "\n" }).joined() + summary
    }

    private static func words(_ value: JSONValue?) -> String { value?.canonical ?? "(none)" }
}

extension FileChange {
    fileprivate var line: String {
        let name = TerminalText.printable(path)
        switch (a, b) {
        case (nil, let entry?): return "+ \(name)  \(entry.words)"
        case (let entry?, nil): return "- \(name)  \(entry.words)"
        default: return "~ \(name)  \(aspects.map(words).joined(separator: ", "))"
        }
    }

    private func words(_ aspect: Aspect) -> String {
        guard let a, let b else { return aspect.rawValue }
        func both(_ value: (RootfsEntry) -> String) -> String { "\(aspect.rawValue) \(value(a)) -> \(value(b))" }
        switch aspect {
        case .type: return both(\.kind.word)
        case .mode: return both { String($0.mode, radix: 8) }
        case .owner: return both { "\($0.attributes.uid):\($0.attributes.gid)" }
        case .size: return both { "\(ByteCount($0.size))" }
        case .linkTarget: return both { "'\(TerminalText.printable($0.linkTarget))'" }
        case .device: return both { "\($0.deviceMajor):\($0.deviceMinor)" }
        case .mtime: return both { "\($0.attributes.modified.seconds)" }
        case .content, .xattrs, .hardLinks: return aspect.rawValue
        }
    }
}

extension RootfsEntry {
    fileprivate var words: String {
        let size = kind == .file ? ", \(ByteCount(size))" : ""
        return "\(kind.word), mode \(String(mode, radix: 8)), owner \(attributes.uid):\(attributes.gid)\(size)"
    }
}
