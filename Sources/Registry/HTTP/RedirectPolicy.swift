import Glibc

/// Keeps a registry from sending this program to machines that it could not reach itself: a redirect, a token server or a
/// next page on a host of this network, of this machine, or of the cloud that it runs in.
///
/// A name is looked up for that, and once more to connect; whoever answers differently the second time gets through. What is
/// sent there holds no credentials in any case.
package struct RedirectPolicy: Sendable {
    private let resolve: @Sendable (String) -> [IPAddress]

    package init() {
        self.init(resolve: Self.addresses)
    }

    /// - Parameter resolve: gives the addresses of a name, none for one that has none.
    init(resolve: @escaping @Sendable (String) -> [IPAddress]) {
        self.resolve = resolve
    }

    /// Why one host may not send this program to another; nil if it may.
    ///
    /// Blocks while names are looked up. A name that has no address is left to the one who connects.
    ///
    /// - Parameters:
    ///   - host: the host that was asked, as in a URL and without its port.
    ///   - target: the host that it names.
    package func refusal(from host: String, to target: String) -> String? {
        let (plainHost, plainTarget) = (Self.plain(host), Self.plain(target))
        guard plainHost != plainTarget else { return nil }
        let addresses = addresses(of: plainTarget)
        guard addresses.contains(where: { $0.addressClass != .public }) else { return nil }
        let own = Set(self.addresses(of: plainHost).map(\.addressClass))
        for address in addresses {
            let kind = address.addressClass
            switch kind {
            case .public: continue
            case .private, .loopback: if own.contains(kind) { continue }
            case .linkLocal, .unspecified: break
            }
            let words =
                IPAddress(plainTarget) == nil
                ? "'\(target)' is \(address), \(kind.words)" : "\(target) is \(kind.words)"
            return "\(words), and '\(host)' may not send anybody there"
        }
        return nil
    }

    /// Whether all that the host means is this machine.
    static func isLoopback(_ host: String) -> Bool {
        let plain = plain(host)
        return plain == "localhost" || IPAddress(plain)?.addressClass == .loopback
    }

    /// As names are compared: in lower case, without the dot of the root and the brackets of an IPv6 address.
    static func plain(_ host: String) -> String {
        var name = host.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix(".") { name.removeLast() }
        return IPAddress(name)?.description ?? name
    }

    private func addresses(of plain: String) -> [IPAddress] {
        if let address = IPAddress(plain) { return [address] }
        if plain == "localhost" || plain.hasSuffix(".localhost") { return IPAddress("127.0.0.1").map { [$0] } ?? [] }
        return resolve(plain)
    }

    private static func addresses(_ name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr.flatMap({ IPAddress($0) }) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
