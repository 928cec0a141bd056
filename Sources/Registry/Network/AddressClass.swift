/// Who can be reached under an address.
enum AddressClass: Hashable {
    /// Anybody.
    case `public`
    /// Those of this network: RFC 1918, RFC 6598 (100.64/10), RFC 4193 (fc00::/7).
    case `private`
    /// This machine.
    case loopback
    /// Those on this cable, and the metadata services of clouds: 169.254/16, fe80::/10.
    case linkLocal
    /// Nobody in particular: 0/8, ::, and addresses of many.
    case unspecified

    /// The class in words: `a loopback address`.
    var words: String {
        switch self {
        case .public: "a public address"
        case .private: "a private address"
        case .loopback: "a loopback address"
        case .linkLocal: "a link-local address"
        case .unspecified: "the address of no single machine"
        }
    }
}

extension IPAddress {
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
        case (0xFE, 0x80...0xBF): return .linkLocal
        // fec0::/10, which was of the site, is private still where it is used.
        case (0xFC...0xFD, _), (0xFE, 0xC0...): return .private
        case (0xFF, _): return .unspecified
        default: return .public
        }
    }
}
