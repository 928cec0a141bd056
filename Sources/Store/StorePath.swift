import OCI
package import SystemPackage

/// A logical store path, `/nix/store/<32 base-32 digits>-<name>`, wherever the store is on this machine.
package struct StorePath: Hashable, Sendable {
    /// The logical store directory without a trailing slash: `/nix/store`.
    package let storeDir: String
    /// `<hash>-<name>`, one path component.
    package let baseName: String

    /// Parses a store path; nil unless `path` is a direct child of `storeDir` with a valid name.
    package init?(_ path: some StringProtocol, storeDir: String) {
        guard path.hasPrefix(storeDir + "/") else { return nil }
        self.init(baseName: String(path.dropFirst(storeDir.count + 1)), storeDir: storeDir)
    }

    /// The largest size of a base name in bytes: the hash, a dash, and 211 of the name.
    static let longestBaseName = 33 + 211

    /// Parses a base name; nil unless it is 32 digits of Nix's base 32, a dash, and 1…211 characters of
    /// `A-Za-z0-9+-._?=`.
    ///
    /// Source: `checkName` in Nix's `libstore/path.cc`.
    package init?(baseName: String, storeDir: String) {
        let bytes = Array(baseName.utf8)
        guard bytes.count > 33, bytes.count <= Self.longestBaseName, bytes[32] == UInt8(ascii: "-"),
            bytes[..<32].allSatisfy({ NixBase32.values[Int($0)] != 255 }),
            bytes[33...].allSatisfy(Self.isNameByte)
        else { return nil }
        self.storeDir = storeDir
        self.baseName = baseName
    }

    /// The hash: 32 base-32 digits that identify the path.
    package var hashPart: Substring { baseName.prefix(32) }

    /// The name after the hash and its dash.
    package var name: Substring { baseName.dropFirst(33) }

    /// The logical path.
    package var path: String { "\(storeDir)/\(baseName)" }

    /// True for a byte that a store path's name may have.
    package static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "=")
        }
    }
}

extension StorePath: CustomStringConvertible {
    /// The logical path.
    package var description: String { path }
}

/// A store: its logical directory, and the root directory on this machine that contains it.
package struct StoreLocation: Hashable, Sendable {
    /// The logical store directory: absolute, normalized, `/nix/store` by default.
    package let storeDir: String
    /// The directory on this machine to which `storeDir` is relative, `/` by default.
    package let root: FilePath

    /// - Parameters:
    ///   - storeDir: the logical store directory.
    ///   - root: the directory on this machine to which `storeDir` is relative.
    package init(storeDir: String = "/nix/store", root: FilePath = "/") {
        self.storeDir = storeDir
        self.root = root
    }

    /// The path on this machine of a logical path in or below the store.
    package func machinePath(of logical: String) -> FilePath {
        var path = root
        path.append(logical)
        return path
    }

    /// The path on this machine of a store path.
    package func machinePath(of path: StorePath) -> FilePath {
        machinePath(of: path.path)
    }
}

/// Parses the store paths of a graph. A graph repeats each path in many lists of references, and all mentions of a path
/// share its memory.
final class StorePathTable {
    private var paths: [String: StorePath] = [:]

    /// The path of a text.
    ///
    /// - Parameter parse: parses a text that is new; nil for an invalid one.
    func path(_ text: String, _ parse: (String) -> StorePath?) -> StorePath? {
        // Strings beyond ASCII may be equal though their bytes differ, and none of them is a store path.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        if let known = paths[text] { return known }
        let path = parse(text)
        paths[text] = path
        return path
    }
}
