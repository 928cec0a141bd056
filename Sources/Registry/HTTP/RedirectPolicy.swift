import Glibc

/// Decides which hosts a registry may name in a redirect, as its token server, upload URL or next page.
///
/// The policy keeps a registry from reaching, through this program, hosts that the registry cannot reach itself: those
/// of the local network, of this machine, or of the cloud that it runs in. A name is resolved for the check and again
/// to connect, so a DNS server that changes its response in between is not detected. Requests to other hosts carry no
/// credentials in any case.
package struct RedirectPolicy: Sendable {
    private let resolve: @Sendable (String) -> [IPAddress]

    /// The policy with the system's resolver.
    package init() {
        self.init(resolve: Self.addresses)
    }

    /// - Parameter resolve: returns the addresses of a name; an empty list for an unknown name.
    init(resolve: @escaping @Sendable (String) -> [IPAddress]) {
        self.resolve = resolve
    }

    /// Explains why one host may not redirect to another; nil if it may.
    ///
    /// Blocks while names are resolved. An unknown name is allowed, since connecting to it fails anyway.
    ///
    /// - Parameters:
    ///   - host: the host that was requested, as in a URL and without its port.
    ///   - target: the host that it names.
    package func refusal(from host: String, to target: String) -> String? {
        let (normalizedHost, normalizedTarget) = (Self.normalized(host), Self.normalized(target))
        guard normalizedHost != normalizedTarget else { return nil }
        let addresses = addresses(of: normalizedTarget)
        guard addresses.contains(where: { $0.addressClass != .public }) else { return nil }
        let own = Set(self.addresses(of: normalizedHost).map(\.addressClass))
        for address in addresses {
            let kind = address.addressClass
            switch kind {
            case .public: continue
            case .private, .loopback: if own.contains(kind) { continue }
            case .linkLocal, .unspecified: break
            }
            let description =
                IPAddress(normalizedTarget) == nil ? "'\(target)' is \(address), \(kind)" : "\(target) is \(kind)"
            return "\(description), which '\(host)' may not redirect to"
        }
        return nil
    }

    /// Whether a host is `localhost` or a loopback address.
    static func isLoopback(_ host: String) -> Bool {
        let host = normalized(host)
        return host == "localhost" || IPAddress(host)?.addressClass == .loopback
    }

    /// The form in which hosts are compared: lower case, without the root's dot and an IPv6 address's brackets.
    static func normalized(_ host: String) -> String {
        var name = host.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix(".") { name.removeLast() }
        return IPAddress(name)?.description ?? name
    }

    /// - Parameter host: a normalized host.
    private func addresses(of host: String) -> [IPAddress] {
        if let address = IPAddress(host) { return [address] }
        if host == "localhost" || host.hasSuffix(".localhost") { return IPAddress("127.0.0.1").map { [$0] } ?? [] }
        return resolve(host)
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
