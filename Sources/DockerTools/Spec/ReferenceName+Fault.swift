import Archives
import Images

extension ReferenceName {
    static let expected = "an image's name such as \"hello\" or \"registry.example:5000/team/hello\""

    /// What is wrong with the name of a repository, nil if nothing is.
    static func fault(_ written: String) -> String? {
        let name = lowercased(written)
        if let digest = name.firstIndex(of: "@") {
            return "expected a name without a digest, \(JSONValue.string(String(written[..<digest])).shortened)"
        }
        let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[last...].firstIndex(of: ":") {
            let tag = String(written[written.index(after: colon)...])
            let fix =
                isTag(tag)
                ? ": write name \(JSONValue.string(String(written[..<colon])).shortened) and tag \"\(tag)\"" : ""
            return "a name holds no tag, the key tag does\(fix)"
        }
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, parts[0] == "localhost" || parts[0].contains(where: { $0 == "." || $0 == ":" }) {
            guard isHost(parts.removeFirst()) else { return "expected \(expected)" }
        }
        guard name.utf8.count <= 255, parts.allSatisfy(isComponent) else { return "expected \(expected)" }
        if parts.count == 1, name.utf8.count == 64, name.utf8.allSatisfy(isHexDigit) {
            return "64 hexadecimal digits are an image's ID, expected \(expected)"
        }
        return nil
    }
}
