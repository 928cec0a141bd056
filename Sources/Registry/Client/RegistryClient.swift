import ByteIO
import Errors
import Foundation
import JSON
import NIOHTTP1
import OCI
import Synchronization

/// Speaks with one registry for one task: it finds out how the registry is reached, shows who asks where that is wanted,
/// asks again where that may help, and follows the registry no further than is safe.
///
/// Source: OCI Distribution Specification 1.1; Docker Registry HTTP API V2.
package final class RegistryClient: Sendable {
    private struct State {
        /// Where the registry was found to be.
        var origin: HTTPOrigin?
        /// What was asked for with which scopes: the header that showed who asks.
        var authorizations: [Set<RegistryScope>: Secret] = [:]
    }

    /// The registry as people name it.
    package let registry: String
    /// What fails, in errors: `cannot pull docker.io/library/redis:7`.
    let task: String
    let settings: RegistrySettings
    let transport: HTTPTransport
    private let state = Mutex(State())

    /// As many as browsers follow, about.
    private static let redirectLimit = 10

    package init(_ registry: String, task: String, transport: HTTPTransport, settings: RegistrySettings) {
        self.registry = registry
        self.task = task
        self.transport = transport
        self.settings = settings
    }

    /// One request of the API.
    struct Call {
        var method: HTTPMethod
        /// Behind `/v2/`, or an address that the registry gave.
        var place: Place
        var headers: HTTPHeaders = [:]
        var body: HTTPRequest.Body = .none
        var scopes: Set<RegistryScope>

        enum Place {
            case path(String)
            case address(HTTPURL)
        }
    }

    /// Sends a request, as often as it takes.
    ///
    /// - Returns: the answer, whatever its status.
    /// - Throws: `ToolError` with code `unavailable` where there is none, or what the registry wants is not safe.
    func send(_ call: Call) throws -> HTTPResponse {
        try retrying { try answer(to: call) }
    }

    /// Sends a request whose body is made while it is sent.
    ///
    /// - Throws: `HTTPError` where there is no answer.
    func sendOnce(_ call: Call) throws -> HTTPResponse { try answer(to: call) }

    /// Calls `body` as often as it takes.
    ///
    func retrying(_ body: () throws -> HTTPResponse) throws -> HTTPResponse {
        var attempt = 0
        while true {
            do {
                let response = try body()
                guard RetryPolicy.statuses.contains(response.status) else { return response }
                let asked = response.header("Retry-After").flatMap { RetryPolicy.seconds($0) }
                guard let pause = settings.retries.pause(before: attempt, asked: asked) else { return response }
                response.discard()
                Thread.sleep(forTimeInterval: pause)
            } catch let error as HTTPError {
                try wait(before: attempt, after: error)
            }
            attempt += 1
        }
    }

    /// Waits before another attempt.
    ///
    /// - Throws: `ToolError` if there is to be none.
    func wait(before attempt: Int, after error: HTTPError) throws {
        guard isPassing(error), let pause = settings.retries.pause(before: attempt, asked: nil) else {
            throw failure(error)
        }
        Thread.sleep(forTimeInterval: pause)
    }

    /// Whether it may be another time: a registry that was never reached is none.
    private func isPassing(_ error: HTTPError) -> Bool {
        error.isPassing || (error.kind == .connect && state.withLock { $0.origin } != nil)
    }

    /// Sends a request that may be answered with one status alone.
    ///
    /// - Throws: `ToolError` for another one.
    func send(_ call: Call, wanting statuses: Set<Int>) throws -> HTTPResponse {
        let response = try send(call)
        guard statuses.contains(response.status) else { throw failure(response, to: call) }
        return response
    }

    /// The error for an answer.
    func failure(_ response: HTTPResponse, to call: Call) -> ToolError {
        RegistryResponse(response, to: words(for: call)).failure(task)
    }

    /// The error for none.
    func failure(_ error: HTTPError) -> ToolError {
        let remedy: Remedy =
            switch error.kind {
            case .tls:
                "give the authority's certificate with --cert-dir or SSL_CERT_FILE, or --tls-verify=false for this registry"
            case .connect: "check the registry's name, the network and the proxy"
            case .timeout, .closed: "try again; --timeout sets for how long a server may be silent"
            case .malformed: "check that a registry answers there"
            }
        return ToolError(.unavailable, task, cause: "\(registry): \(error.words)", remedy: remedy)
    }

    func refusal(_ cause: String) -> ToolError {
        ToolError(.unavailable, task, cause: cause, remedy: "ask whoever runs the registry: no honest one does so")
    }

    private func words(for call: Call) -> String {
        let isReached = state.withLock { $0.origin } != nil
        guard !isReached, case .path(let path) = call.place else { return "\(call.method) \(address(of: call))" }
        return "\(call.method) \(registry)/v2/\(path)"
    }

    /// Where a request went. The registry was reached for that.
    func address(of call: Call) -> HTTPURL {
        switch call.place {
        case .path(let path):
            let origin = state.withLock { $0.origin } ?? .web(scheme: .https, host: registry, port: 443)
            return HTTPURL(origin, "/v2/" + path)
        case .address(let address): return address
        }
    }

    // MARK: One attempt

    /// One attempt: with what is known of who asks, and once more with what the registry wants to know.
    private func answer(to call: Call) throws -> HTTPResponse {
        var (response, isRegistry) = try reach(call, authorization: state.withLock { $0.authorizations[call.scopes] })
        // Whom the registry redirects to has no say in what is shown to whom.
        if response.status == 401, isRegistry, !call.isStream {
            let challenges = response.headers["WWW-Authenticate"].flatMap(Challenge.parse)
            response.discard()
            let origin = state.withLock { $0.origin }
            guard let origin, let authorization = try authorization(challenges, call.scopes, at: origin) else {
                return response
            }
            state.withLock { $0.authorizations[call.scopes] = authorization }
            (response, isRegistry) = try reach(call, authorization: authorization)
            // What was refused is not shown again.
            if response.status == 401, isRegistry { state.withLock { $0.authorizations[call.scopes] = nil } }
        }
        return response
    }

    /// Sends to where the registry is: the first time to where it may be.
    ///
    /// - Returns: the answer, and whether it is the registry's own.
    private func reach(_ call: Call, authorization: Secret?) throws -> (HTTPResponse, isRegistry: Bool) {
        guard case .path(let path) = call.place else { return try follow(call, authorization) }
        if let origin = state.withLock({ $0.origin }) { return try follow(call.at(origin, path), authorization) }
        let origins = try RegistryEndpoint.candidates(registry, tlsVerify: settings.tlsVerify, task: task)
        var wantsTLS = false
        for (index, origin) in origins.enumerated() {
            let isLast = index == origins.count - 1
            do {
                let answer = try follow(call.at(origin, path), authorization)
                // Servers that speak TLS alone say 400 to those who do not.
                if !isLast, origin.scheme == .http, answer.0.status == 400 {
                    wantsTLS = true
                    continue
                }
                state.withLock { $0.origin = origin }
                return answer
            } catch let error as HTTPError where !isLast && error.kind != .timeout {
                guard origin.scheme == .http || error.mayBePlain else { throw error }
            } catch let error as HTTPError where isLast && wantsTLS && error.mayBePlain {
                // It said 400 for another reason.
                state.withLock { $0.origin = origins[0] }
                return try follow(call.at(origins[0], path), authorization)
            }
        }
        throw HTTPError(.connect, "it is reached neither by https nor by http")
    }

    /// Sends a request, and follows redirects of what is read. Who asks is shown to the registry alone.
    private func follow(_ call: Call, _ authorization: Secret?) throws -> (HTTPResponse, isRegistry: Bool) {
        guard case .address(var address) = call.place else { throw HTTPError(.malformed, "no address") }
        let home = state.withLock { $0.origin } ?? address.origin
        for _ in 0..<Self.redirectLimit {
            var headers = call.headers
            headers.replaceOrAdd(name: "User-Agent", value: "dockertools")
            if address.origin == home, let authorization {
                headers.replaceOrAdd(name: "Authorization", value: authorization.text)
            }
            let response = try transport.send(
                HTTPRequest(call.method, address, headers: headers, body: call.body))
            guard [301, 302, 303, 307, 308].contains(response.status), call.method == .GET || call.method == .HEAD
            else { return (response, address.origin == home) }
            let location = response.header("Location") ?? ""
            response.discard()
            address = try safe(location, from: address, "redirect")
        }
        throw refusal("\(registry) redirects more than \(Self.redirectLimit) times")
    }

    /// The address that the registry gives, unless it is one that a registry should not lead to.
    ///
    /// - Parameter what: what gives it: `redirect`.
    /// - Throws: `ToolError`.
    func safe(_ location: String, from origin: HTTPURL, _ what: String) throws -> HTTPURL {
        guard let target = origin.resolving(location) else {
            throw refusal("\(origin) gives a \(what) without an address that is one")
        }
        if origin.origin.scheme == .https, target.origin.scheme == .http {
            throw refusal("\(origin) gives a \(what) from https to \(target.origin), which is not encrypted")
        }
        if let host = origin.origin.host, let other = target.origin.host,
            let cause = settings.privateHosts.refusal(from: host, to: other)
        {
            throw refusal("\(origin) gives a \(what) that is refused: \(cause)")
        }
        return target
    }
}

extension RegistryClient.Call {
    /// Whether the body can be sent but once.
    var isStream: Bool {
        if case .stream = body { return true }
        return false
    }

    fileprivate func at(_ origin: HTTPOrigin, _ path: String) -> RegistryClient.Call {
        var call = self
        call.place = .address(HTTPURL(origin, "/v2/" + path))
        return call
    }
}

extension HTTPError {
    fileprivate var isPassing: Bool { kind == .timeout || kind == .closed }

    /// Whether a server that speaks no TLS may be the reason.
    fileprivate var mayBePlain: Bool { kind == .connect || kind == .closed || words == HTTPError.noTLS }
}

extension RegistryClient {
    /// The header that shows who asks, as a registry's challenges want it; nil if there is nothing to show.
    ///
    /// - Throws: `ToolError` where the token server is none that is safe, or gives no token.
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
        let server = try safe(realm, from: HTTPURL(origin, "/v2/"), "token server")
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
            throw RegistryResponse(response, to: "\(request.method) \(server)").failure(task)
        }
        return try Self.token(in: response, server, task)
    }

    private static func token(in response: HTTPResponse, _ server: HTTPURL, _ task: String) throws -> Secret {
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
        fields.map { "\($0.0)=\(HTTPURL.encoded($0.1))" }.joined(separator: "&")
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
