import ByteIO
import Errors
import JSON
import NIOHTTP1
import OCI
import Synchronization

/// What an Authorization header is for: it is sent to one server only.
struct AuthorizationKey: Hashable {
    /// The server that requested the authorization.
    let server: HTTPOrigin
    /// The permissions that a token grants.
    let scopes: Set<RegistryScope>

    init(_ server: HTTPOrigin, _ scopes: Set<RegistryScope>) {
        self.server = server
        self.scopes = scopes
    }
}

/// Authorization: distribution, "Token Authentication Specification"; RFC 9110, 11.
extension RegistryClient {
    /// Obtains the authorization that a server wants for a request.
    ///
    /// - Returns: whether there is a new authorization, so that the request may be sent again.
    /// - Throws: `ToolError` if the token server is unsafe or returns no token.
    func authorize(_ call: Call, _ exchange: Exchange) throws -> Bool {
        let home = state.withLock { $0.origin } ?? exchange.server
        let isHidden = [403, 404].contains(exchange.response.status) && exchange.authorization == nil
        guard exchange.response.status == 401 || (isHidden && exchange.server == home) else { return false }
        let challenges = exchange.response.headers["WWW-Authenticate"].flatMap(Challenge.parse)
        let key = AuthorizationKey(exchange.server, call.scopes)
        return try renewal.withLock { _ in
            // Another thread may have obtained one meanwhile.
            let current = state.withLock { $0.authorizations[key] }
            if let current, current != exchange.authorization { return true }
            let authorization: Secret?
            if exchange.server != home {
                // A server that the registry redirects to never learns the credentials.
                authorization = try self.authorization(challenges, call.scopes, at: exchange.server, .none)
            } else if isHidden {
                authorization = try hiddenAuthorization(call.scopes, at: home)
            } else {
                authorization = try self.authorization(
                    challenges, call.scopes, at: home, settings.credentials.load())
            }
            guard let authorization, authorization != exchange.authorization else { return false }
            state.withLock { $0.authorizations[key] = authorization }
            return true
        }
    }

    /// Removes the authorizations for some permissions, which were rejected or have expired.
    func forgetAuthorizations(for scopes: Set<RegistryScope>) {
        state.withLock { $0.authorizations = $0.authorizations.filter { $0.key.scopes != scopes } }
    }

    /// The authorization for a registry that denies the existence of private repositories instead of requesting
    /// credentials; nil if the user has none. Its base URL states how to log in.
    private func hiddenAuthorization(_ scopes: Set<RegistryScope>, at origin: HTTPOrigin) throws -> Secret? {
        let challenges = try baseChallenges(of: origin)
        guard !challenges.isEmpty else { return nil }
        let credentials = try settings.credentials.load()
        return credentials == .none ? nil : try authorization(challenges, scopes, at: origin, credentials)
    }

    /// The challenges of `/v2/`; empty for a registry without authentication. They are fetched once.
    private func baseChallenges(of origin: HTTPOrigin) throws -> [Challenge] {
        if let known = state.withLock({ $0.baseChallenges }) { return known }
        let response = try follow(Call(method: .GET, target: .url(HTTPURL(origin, "/v2/")), scopes: [])).response
        let isRejected = response.status == 401
        response.discard()
        let challenges = isRejected ? response.headers["WWW-Authenticate"].flatMap(Challenge.parse) : []
        state.withLock { $0.baseChallenges = challenges }
        return challenges
    }

    /// The Authorization header for a server's challenges; nil if the credentials fit none of them.
    ///
    /// - Throws: `ToolError` if the token server is unsafe or returns no token.
    private func authorization(
        _ challenges: [Challenge], _ scopes: Set<RegistryScope>, at origin: HTTPOrigin, _ credentials: Credentials
    ) throws -> Secret? {
        if case .registryToken(let token) = credentials { return Secret("Bearer \(token.text)") }
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }), let realm = bearer.parameters["realm"] {
            return Secret("Bearer \(try token(bearer, realm, scopes, at: origin, credentials).text)")
        }
        if challenges.contains(where: { $0.scheme == "basic" }) { return credentials.basic }
        return nil
    }

    /// Requests a token from a token server.
    ///
    /// Source: distribution, "Token Authentication Specification" and "OAuth2 Token Authentication".
    private func token(
        _ challenge: Challenge, _ realm: String, _ scopes: Set<RegistryScope>, at origin: HTTPOrigin,
        _ credentials: Credentials
    ) throws -> Secret {
        let server = try safe(realm, from: HTTPURL(origin, "/v2/"), "token server")
        if credentials != .none, server.origin.scheme == .http, server.origin.host != origin.host {
            throw violation("the token server \(server) is on another host and has no TLS, so it gets no credentials")
        }
        let request = tokenRequest(to: server, challenge, scopes, credentials)
        let response = try retrying { try transport.send(request) }
        guard response.status == 200 else {
            throw RegistryErrorResponse.read(response, to: "\(request.method) \(server)").error(task)
        }
        return try Self.token(in: response, server)
    }

    /// The request for a token: a GET with a user's password or without credentials, a POST with an identity token.
    private func tokenRequest(
        to server: HTTPURL, _ challenge: Challenge, _ scopes: Set<RegistryScope>, _ credentials: Credentials
    ) -> HTTPRequest {
        var wanted = scopes.map(\.description)
        for scope in (challenge.parameters["scope"] ?? "").split(separator: " ").map(String.init)
        where !wanted.contains(scope) && !scopes.contains(where: { scope.hasPrefix("repository:\($0.repository):") }) {
            wanted.append(scope)
        }
        var fields = wanted.sorted().map { ("scope", $0) }
        if let service = challenge.parameters["service"] { fields.insert(("service", service), at: 0) }
        if case .identityToken(let token) = credentials {
            fields =
                [("grant_type", "refresh_token"), ("client_id", "dockertools"), ("refresh_token", token.text)] + fields
            return HTTPRequest(
                .POST, server, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .bytes(Array(Self.form(fields).utf8)))
        }
        var headers: HTTPHeaders = [:]
        if let basic = credentials.basic { headers.add(name: "Authorization", value: basic.text) }
        return HTTPRequest(.GET, fields.reduce(server) { $0.adding($1.0, $1.1) }, headers: headers)
    }

    private static func token(in response: HTTPResponse, _ server: HTTPURL) throws -> Secret {
        let body = try response.bytes(limit: tokenLimit)
        let value = body.flatMap { try? JSONValue(parsing: $0, source: "the token", limit: tokenLimit) }
        let texts = [value?["token"]?.string, value?["access_token"]?.string].compactMap { $0 }
        guard let token = texts.first(where: isToken) else {
            throw HTTPError(.malformed, "the token server \(server) returned no token")
        }
        return Secret(token)
    }

    /// Whether a text can be part of a header (RFC 6750, 2.1).
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(HTTPURL.encoded($0.1))" }.joined(separator: "&")
    }

    /// The most bytes of a token server's response: 256 KiB. Tokens have a few thousand bytes.
    private static let tokenLimit = 256 * 1024
}

extension Credentials {
    /// The header of basic authentication (RFC 7617); nil without user and password.
    fileprivate var basic: Secret? {
        guard case .password(let user, let password) = self else { return nil }
        return Secret("Basic \(Base64.encode(Array("\(user):\(password.text)".utf8)))")
    }
}
