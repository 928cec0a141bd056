/// What a server wants to know before it answers: one challenge of a WWW-Authenticate header.
///
/// Source: RFC 9110, 11.6.1; the token specification of the Docker registry.
struct Challenge: Equatable {
    /// In lower case: `bearer`, `basic`.
    var scheme: String
    /// Their names in lower case.
    var parameters: [String: String] = [:]

    /// Reads a header, which may hold several. What is malformed ends the reading.
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
            let behind = rest.drop(while: isBlank)
            guard behind.first == "=", !challenges.isEmpty else {
                challenges.append(Challenge(scheme: word.lowercased()))
                continue
            }
            rest = behind.dropFirst().drop(while: isBlank)
            guard let value = rest.first == "\"" ? quoted(&rest) : token() else { return challenges }
            challenges[challenges.count - 1].parameters[word.lowercased()] = value
        }
    }

    /// A quoted string, nil if its end is missing.
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

/// What a token is to allow: `repository:library/redis:pull`.
///
/// Source: the token scope documentation of the Docker registry.
struct RegistryScope: Hashable, CustomStringConvertible {
    let repository: String
    /// `pull`, or `pull,push`.
    let actions: String

    static func pull(_ repository: String) -> RegistryScope { RegistryScope(repository: repository, actions: "pull") }
    static func push(_ repository: String) -> RegistryScope {
        RegistryScope(repository: repository, actions: "pull,push")
    }

    var description: String { "repository:\(repository):\(actions)" }
}
