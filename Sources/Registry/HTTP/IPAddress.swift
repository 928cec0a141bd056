import Glibc

/// The reachability of an IP address.
enum AddressClass: Hashable, CustomStringConvertible {
    /// A host on the Internet.
    case `public`
    /// A host of the local network: RFC 1918, RFC 6598 (100.64/10), RFC 4193 (fc00::/7).
    case `private`
    /// This machine.
    case loopback
    /// A host on the same link, or a cloud's metadata service: 169.254/16, fe80::/10.
    case linkLocal
    /// No single host: 0/8, ::, and multicast addresses.
    case unspecified

    /// The class with its article: `a loopback address`.
    var description: String {
        switch self {
        case .public: "a public address"
        case .private: "a private address"
        case .loopback: "a loopback address"
        case .linkLocal: "a link-local address"
        case .unspecified: "an unspecified or multicast address"
        }
    }
}

extension IPAddress {
    /// The class by the address's prefix.
    var addressClass: AddressClass {
        let (first, second) = (bytes[0], bytes[1])
        if bytes.count == 4 {
            switch (first, second) {
            case (127, _): return .loopback
            case (169, 254): return .linkLocal
            case (0, _), (224..., _): return .unspecified
            case (10, _), (172, 16...31), (192, 168), (100, 64...127): return .private
            default: return .public
            }
        }
        if bytes.dropLast().allSatisfy({ $0 == 0 }) {
            return bytes[15] == 1 ? .loopback : .unspecified
        }
        switch (first, second) {
        // 6to4 sends 2002:AABB:CCDD:: to the IPv4 address a.b.c.d (RFC 3056, 2). Loopback makes no sense there.
        case (0x20, 0x02):
            let embedded = IPAddress(bytes: Array(bytes[2..<6])).addressClass
            return embedded == .loopback ? .unspecified : embedded
        // 64:ff9b:1::/48 is for the translation to IPv4 within one network (RFC 8215).
        case (0x00, 0x64) where bytes[2...].starts(with: [0xFF, 0x9B, 0x00, 0x01]): return .private
        case (0xFE, 0x80...0xBF): return .linkLocal
        // fec0::/10, deprecated site-local addresses (RFC 3879), are private where they are still used.
        case (0xFC...0xFD, _), (0xFE, 0xC0...): return .private
        case (0xFF, _): return .unspecified
        default: return .public
        }
    }
}

/// An IPv4 or IPv6 address.
struct IPAddress: Hashable {
    /// 4 or 16 bytes in network order. An IPv4 address that is embedded in an IPv6 address has 4.
    let bytes: [UInt8]

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    /// Parses an address: `127.0.0.1`, `::1`, `fe80::1%eth0`.
    ///
    /// - Returns: nil for everything else, including short forms such as `127.1`.
    init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        // The zone names the interface to use and is no part of the address (RFC 4007, 11).
        let unscoped = String(text.prefix { $0 != "%" })
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = withUnsafeBytes(of: v4) { [UInt8]($0) }
        } else if inet_pton(AF_INET6, unscoped, &v6) == 1 {
            bytes = Self.unmapped(withUnsafeBytes(of: v6) { [UInt8]($0) })
        } else {
            return nil
        }
    }

    /// Reads a socket address; nil for other address families.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr) { [UInt8]($0) }
            }
        case AF_INET6:
            bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                Self.unmapped(withUnsafeBytes(of: $0.pointee.sin6_addr) { [UInt8]($0) })
            }
        default: return nil
        }
    }

    /// Extracts the IPv4 address of ::ffff:a.b.c.d (RFC 4291, 2.5.5.2) and of 64:ff9b::a.b.c.d, which NAT64 translates
    /// to it (RFC 6052, 2.1).
    private static func unmapped(_ bytes: [UInt8]) -> [UInt8] {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        let translated: [UInt8] = [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)
        return bytes.starts(with: mapped) || bytes.starts(with: translated) ? Array(bytes[12...]) : bytes
    }

    /// Whether the first bits equal those of another address of the same family.
    func hasPrefix(_ other: IPAddress, bits: Int) -> Bool {
        guard bytes.count == other.bytes.count, bits <= bytes.count * 8 else { return false }
        let whole = bits / 8
        guard bytes[..<whole] == other.bytes[..<whole] else { return false }
        guard !bits.isMultiple(of: 8) else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (bits % 8))
        return bytes[whole] & mask == other.bytes[whole] & mask
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text of the address: `fe80::1`.
    var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "?" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
