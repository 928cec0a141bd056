/// The hosts that `NO_PROXY` excepts: a list, with commas, of names, addresses and networks, or `*` for all. A name means
/// the names below it too, `.name` and `*.name` those below it alone. A name or address may have a port. What is none of
/// these is passed over (golang.org/x/net/http/httpproxy).
struct ProxyExceptions {
    private enum Rule {
        case all
        case network(IPAddress, bits: Int)
        case address(IPAddress, port: Int?)
        case name(String, belowAlone: Bool, port: Int?)
    }

    private let rules: [Rule]

    init(_ text: String) {
        rules = text.split(separator: ",").compactMap { Self.rule($0) }
    }

    func hold(host: String, port: Int) -> Bool {
        let host = PrivateHosts.plain(host)
        let address = IPAddress(host)
        return rules.contains { rule in
            switch rule {
            case .all: true
            case .network(let network, let bits): address?.begins(with: network, bits: bits) ?? false
            case .address(let other, let only): address == other && (only ?? port) == port
            case .name(let name, let belowAlone, let only):
                (host.hasSuffix("." + name) || (!belowAlone && host == name)) && (only ?? port) == port
            }
        }
    }

    private static func rule(_ entry: Substring) -> Rule? {
        let text = entry.trimmingPrefix(while: \.isWhitespace).lowercased()
        let word = text[..<(text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? text.startIndex)]
        if word == "*" { return .all }
        if let slash = word.firstIndex(of: "/") {
            guard let network = IPAddress(String(word[..<slash])), let bits = Int(word[word.index(after: slash)...]),
                (0...network.bytes.count * 8).contains(bits)
            else { return nil }
            return .network(network, bits: bits)
        }
        if let address = IPAddress(String(word)) { return .address(address, port: nil) }
        guard let (host, port) = HostAndPort.split(word) else { return nil }
        if let address = IPAddress(host) { return .address(address, port: port) }
        let name = host.hasPrefix("*.") ? host.dropFirst(2) : host.hasPrefix(".") ? host.dropFirst() : host[...]
        guard !name.isEmpty else { return nil }
        return .name(PrivateHosts.plain(String(name)), belowAlone: name.count != host.count, port: port)
    }
}
