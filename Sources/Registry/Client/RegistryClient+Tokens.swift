import Archives
import Digests
import NIOHTTP1

extension RegistryClient {
    /// The header that shows who asks, as a registry's challenges want it; nil if there is nothing to show.
    ///
    /// - Throws: `Failure` where the token server is none that is safe, or gives no token.
    func authorization(
        _ challenges: [Challenge], _ scopes: Set<RegistryScope>, at origin: HTTPOrigin
    ) throws -> Secret? {
        if case .registryToken(let token) = settings.credentials { return Secret("Bearer \(token.text)") }
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }), let realm = bearer.parameters["realm"] {
            return Secret("Bearer \(try token(bearer, realm, scopes, at: origin).text)")
        }
        if challenges.contains(where: { $0.scheme == "basic" }) { return settings.credentials.basic }
        return nil
    }

    /// Asks a token server for a token.
    ///
    /// Source: "Token Authentication Specification" and "OAuth2 Token Authentication" of the Docker registry.
    private func token(
        _ challenge: Challenge, _ realm: String, _ scopes: Set<RegistryScope>, at origin: HTTPOrigin
    ) throws -> Secret {
        let server = try safe(realm, from: HTTPAddress(origin, "/v2/"), "token server")
        let isSecret = settings.credentials != .none
        if isSecret, server.origin.scheme == .http, server.origin.host != origin.host {
            throw refusal("the token server \(server) is on another host and without TLS: it is shown no credentials")
        }
        var wanted = scopes.map(\.description)
        for scope in (challenge.parameters["scope"] ?? "").split(separator: " ").map(String.init)
        where !wanted.contains(scope) && !scopes.contains(where: { scope.hasPrefix("repository:\($0.repository):") }) {
            wanted.append(scope)
        }
        var fields = wanted.sorted().map { ("scope", $0) }
        if let service = challenge.parameters["service"] { fields.insert(("service", service), at: 0) }
        let request: HTTPRequest
        if case .identityToken(let token) = settings.credentials {
            fields =
                [("grant_type", "refresh_token"), ("client_id", "dockertools"), ("refresh_token", token.text)] + fields
            request = HTTPRequest(
                .POST, server, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .bytes(Array(Self.form(fields).utf8)))
        } else {
            var headers: HTTPHeaders = [:]
            if let basic = settings.credentials.basic { headers.add(name: "Authorization", value: basic.text) }
            request = HTTPRequest(.GET, fields.reduce(server) { $0.adding($1.0, $1.1) }, headers: headers)
        }
        let response = try retrying { try transport.send(request) }
        guard response.status == 200 else {
            throw RegistryAnswer(response, to: "\(request.method) \(server)").failure(task)
        }
        return try Self.token(in: response, server, task)
    }

    private static func token(in response: HTTPResponse, _ server: HTTPAddress, _ task: String) throws -> Secret {
        let body = try response.bytes(limit: tokenLimit)
        let value = body.flatMap { try? JSONValue(parsing: $0, source: "the token", limit: tokenLimit) }
        let texts = [value?["token"]?.string, value?["access_token"]?.string].compactMap { $0 }
        guard let token = texts.first(where: isToken) else {
            throw HTTPError(.malformed, "the token server \(server) gives no token")
        }
        return Secret(token)
    }

    /// Nothing that would end the header that it goes into (RFC 6750, 2.1).
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(HTTPAddress.encoded($0.1))" }.joined(separator: "&")
    }

    /// Bytes: tokens are a few thousand.
    private static let tokenLimit = 256 * 1024
}

extension Credentials {
    /// The header of basic authentication (RFC 7617); nil without user and password.
    var basic: Secret? {
        guard case .password(let user, let password) = self else { return nil }
        return Secret("Basic \(Base64.encode(Array("\(user):\(password.text)".utf8)))")
    }
}
