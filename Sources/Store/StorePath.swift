import Digests

/// A path of the store: `/nix/store/<32 base-32 characters>-<name>`, logical, wherever the store lies on this machine.
public struct StorePath: Hashable, Sendable {
    /// The logical store folder, without a slash at its end: `/nix/store`.
    public let storeDir: String
    /// `<hash>-<name>`, one path component.
    public let baseName: String

    /// Nil unless `path` is exactly a path of the store at `storeDir`: nothing below it, no slash at the end.
    public init?(_ path: some StringProtocol, storeDir: String) {
        guard path.hasPrefix(storeDir + "/") else { return nil }
        self.init(baseName: String(path.dropFirst(storeDir.count + 1)), storeDir: storeDir)
    }

    /// The most bytes of a base name: the hash, its dash, and 211 of the name.
    static let longestBaseName = 33 + 211

    /// Nil unless `baseName` is 32 characters of Nix's base 32, a dash, and 1 to 211 characters of `A-Za-z0-9+-._?=`.
    ///
    /// Source: `checkName` in Nix's `libstore/path.cc`.
    public init?(baseName: String, storeDir: String) {
        let bytes = Array(baseName.utf8)
        guard bytes.count > 33, bytes.count <= Self.longestBaseName, bytes[32] == UInt8(ascii: "-"),
            bytes[..<32].allSatisfy({ NixBase32.values[Int($0)] != 255 }),
            bytes[33...].allSatisfy(Self.isNameByte)
        else { return nil }
        self.storeDir = storeDir
        self.baseName = baseName
    }

    /// The 32 characters that tell this path from all others.
    public var hashPart: Substring { baseName.prefix(32) }

    /// What comes after the hash and its dash.
    public var name: Substring { baseName.dropFirst(33) }

    /// The logical path.
    public var path: String { "\(storeDir)/\(baseName)" }

    /// Whether a byte may stand in a store path's name.
    public static func isNameByte(_ byte: UInt8) -> Bool {
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
    public var description: String { path }
}
