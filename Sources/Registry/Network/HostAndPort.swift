/// `HOST`, `HOST:PORT`, `[IPV6]` and `[IPV6]:PORT`, as they stand in URLs.
enum HostAndPort {
    /// - Returns: the host without brackets, and the port if there is one; nil if the text is none of the four.
    static func split(_ text: Substring) -> (host: String, port: Int?)? {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            guard IPAddress(String(host)) != nil else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let isName = host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "@") }
        guard isName, !host.isEmpty else { return nil }
        guard let port else { return (String(host), nil) }
        let isNumber = port.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, let number = Int(port), (1...65535).contains(number) else { return nil }
        return (String(host), number)
    }
}
