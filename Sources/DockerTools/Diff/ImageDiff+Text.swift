import Archives
import Images
import Tar

extension ImageDiff {
    /// A line for each difference: `-` what A alone has, `+` what B alone has, `~` what differs.
    public var text: String {
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
        let name = TarName.printable(path)
        switch (a, b) {
        case (nil, let entry?): return "+ \(name)  \(entry.words)"
        case (let entry?, nil): return "- \(name)  \(entry.words)"
        default: return "~ \(name)  \(aspects.map(words).joined(separator: ", "))"
        }
    }

    private func words(_ aspect: Aspect) -> String {
        guard let a, let b else { return aspect.rawValue }
        func both(_ value: (FlatEntry) -> String) -> String { "\(aspect.rawValue) \(value(a)) -> \(value(b))" }
        switch aspect {
        case .type: return both(\.kind.word)
        case .mode: return both { String($0.mode, radix: 8) }
        case .owner: return both { "\($0.attributes.uid):\($0.attributes.gid)" }
        case .size: return both { "\(ByteCount($0.size))" }
        case .linkTarget: return both { "'\(TarName.printable($0.linkTarget))'" }
        case .device: return both { "\($0.deviceMajor):\($0.deviceMinor)" }
        case .mtime: return both { "\($0.attributes.modified.seconds)" }
        case .content, .xattrs, .hardLinks: return aspect.rawValue
        }
    }
}

extension FlatEntry {
    fileprivate var words: String {
        let size = kind == .file ? ", \(ByteCount(size))" : ""
        return "\(kind.word), mode \(String(mode, radix: 8)), owner \(attributes.uid):\(attributes.gid)\(size)"
    }
}
