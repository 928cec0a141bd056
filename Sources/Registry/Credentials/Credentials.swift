import Failures

/// What shows a registry who asks. The secrets show up nowhere: not in a message, not in what dumps the value.
public enum Credentials: Equatable, Sendable {
    /// Nothing: the registry is asked as anybody may ask it.
    case none
    /// A user's name and password.
    case password(user: String, password: Secret)
    /// A token that the token server gives other tokens for: OAuth 2's refresh token (Docker Registry v2 authentication
    /// via OAuth 2).
    case identityToken(Secret)
    /// A bearer token that goes to the registry as it is.
    case registryToken(Secret)
}

extension Credentials {
    /// Reads what `--creds` is given: `USER:PASSWORD`. The password may hold colons, the user may not.
    ///
    /// - Throws: `Failure` with code `usage`, which does not repeat the text.
    public init(parsing text: String) throws {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else {
            throw Failure(
                .usage, "cannot take the credentials of --creds", why: "they are not of the form USER:PASSWORD",
                advice: "give both, with a colon between them")
        }
        self = .password(user: String(text[..<colon]), password: Secret(String(text[text.index(after: colon)...])))
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible {
    /// What kind they are, and nothing of what they are.
    public var description: String {
        switch self {
        case .none: "no credentials"
        case .password: "a user's name and password"
        case .identityToken: "an identity token"
        case .registryToken: "a registry token"
        }
    }

    public var debugDescription: String { description }
}
