import OCI
import SystemPackage

/// A path of the store: `/nix/store/<32 base-32 characters>-<name>`, logical, wherever the store lies on this machine.
package struct StorePath: Hashable, Sendable {
    /// The logical store directory, without a slash at its end: `/nix/store`.
    package let storeDir: String
    /// `<hash>-<name>`, one path component.
    package let baseName: String

    /// Nil unless `path` is exactly a path of the store at `storeDir`: nothing below it, no slash at the end.
    package init?(_ path: some StringProtocol, storeDir: String) {
        guard path.hasPrefix(storeDir + "/") else { return nil }
        self.init(baseName: String(path.dropFirst(storeDir.count + 1)), storeDir: storeDir)
    }

    /// The most bytes of a base name: the hash, its dash, and 211 of the name.
    static let longestBaseName = 33 + 211

    /// Nil unless `baseName` is 32 characters of Nix's base 32, a dash, and 1 to 211 characters of `A-Za-z0-9+-._?=`.
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

    /// The 32 characters that tell this path from all others.
    package var hashPart: Substring { baseName.prefix(32) }

    /// What comes after the hash and its dash.
    package var name: Substring { baseName.dropFirst(33) }

    /// The logical path.
    package var path: String { "\(storeDir)/\(baseName)" }

    /// Whether a byte may stand in a store path's name.
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
    package var description: String { path }
}

/// A store: the directory that its paths name, and the root below which that directory lies on this machine.
package struct StoreLocation: Hashable, Sendable {
    /// The logical store directory: absolute, normalised, `/nix/store` by default.
    package let storeDir: String
    /// The directory that holds `storeDir` on this machine, `/` by default.
    package let root: FilePath

    package init(storeDir: String = "/nix/store", root: FilePath = "/") {
        self.storeDir = storeDir
        self.root = root
    }

    /// Where a logical path (a store path, or one below it) lies on this machine.
    package func machinePath(of logical: String) -> FilePath {
        var path = root
        path.append(logical)
        return path
    }

    /// Where a store path lies on this machine.
    package func machinePath(of path: StorePath) -> FilePath {
        machinePath(of: path.path)
    }
}
