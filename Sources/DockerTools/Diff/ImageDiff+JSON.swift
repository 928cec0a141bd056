import Archives
import Digests
import Images
import Tar

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
    public var json: JSONValue {
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

extension FlatEntry {
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
        case .folder: "folder"
        case .fifo: "FIFO"
        }
    }
}
