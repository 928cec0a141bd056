/// A challenge of a WWW-Authenticate header: how a client can authenticate.
///
/// Source: RFC 9110, 11.6.1; distribution, "Token Authentication Specification".
struct Challenge: Equatable {
    /// The scheme in lower case: `bearer`, `basic`.
    var scheme: String
    /// The parameters by their names in lower case.
    var parameters: [String: String] = [:]

    /// Parses a header, which may contain several challenges.
    ///
    /// - Returns: the challenges before the first syntax error.
    static func parse(_ header: String) -> [Challenge] {
        var challenges: [Challenge] = []
        var rest = Substring(header)
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        func token() -> String {
            let token = rest.prefix { !" \t,=\"".contains($0) }
            rest = rest.dropFirst(token.count)
            return String(token)
        }
        while true {
            rest = rest.drop { isBlank($0) || $0 == "," }
            let word = token()
            guard !word.isEmpty else { return challenges }
            let next = rest.drop(while: isBlank)
            guard next.first == "=", !challenges.isEmpty else {
                challenges.append(Challenge(scheme: word.lowercased()))
                continue
            }
            rest = next.dropFirst().drop(while: isBlank)
            guard let value = rest.first == "\"" ? quoted(&rest) : token() else { return challenges }
            challenges[challenges.count - 1].parameters[word.lowercased()] = value
        }
    }

    /// Reads a quoted string; nil if its end is missing.
    private static func quoted(_ rest: inout Substring) -> String? {
        var value = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\": rest.popFirst().map { value.append($0) }
            default: value.append(character)
            }
        }
        return nil
    }
}

/// A permission that a token grants: `repository:library/redis:pull`.
///
/// Source: distribution, "Token Scope Documentation".
struct RegistryScope: Hashable, CustomStringConvertible {
    let repository: String
    /// `pull`, or `pull,push`.
    let actions: String

    /// Permission to pull from a repository.
    static func pull(_ repository: String) -> RegistryScope { RegistryScope(repository: repository, actions: "pull") }
    /// Permission to push to a repository, and to pull from it.
    static func push(_ repository: String) -> RegistryScope {
        RegistryScope(repository: repository, actions: "pull,push")
    }

    /// The scope as token servers expect it.
    var description: String { "repository:\(repository):\(actions)" }
}
