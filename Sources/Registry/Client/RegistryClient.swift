import Errors
import Foundation
import JSON
import NIOHTTP1
import OCI
import Synchronization

/// Sends requests to one registry: detects https or http, authenticates, retries, and follows safe redirects.
///
/// All methods block the calling thread, for responses and, with `Thread.sleep`, for pauses between retries: call them
/// outside Swift's cooperative pool.
///
/// Source: OCI Distribution Specification 1.1; Docker Registry HTTP API V2.
package final class RegistryClient: Sendable {
    private struct State {
        /// The server of the registry, once a request has reached it.
        var origin: HTTPOrigin?
        /// The Authorization headers that the registry accepted, by scopes.
        var authorizations: [Set<RegistryScope>: Secret] = [:]
    }

    /// The registry as in image names.
    package let registry: String
    /// The message of all errors: `cannot pull docker.io/library/redis:7`.
    let task: String
    let settings: RegistrySettings
    let transport: HTTPTransport
    private let state = Mutex(State())

    /// The most redirects of one request; browsers follow about 20.
    private static let redirectLimit = 10

    /// - Parameters:
    ///   - registry: the registry as in image names.
    ///   - task: the message of all errors.
    package init(_ registry: String, task: String, transport: HTTPTransport, settings: RegistrySettings) {
        self.registry = registry
        self.task = task
        self.transport = transport
        self.settings = settings
    }

    /// One request of the API.
    struct Call {
        var method: HTTPMethod
        var target: Target
        var headers: HTTPHeaders = [:]
        var body: HTTPRequest.Body = .none
        var scopes: Set<RegistryScope>

        enum Target {
            /// A path after `/v2/`.
            case path(String)
            /// A URL that the registry returned.
            case url(HTTPURL)
        }
    }

    /// Sends a request, with retries.
    ///
    /// - Returns: the response, whatever its status.
    /// - Throws: `ToolError` with code `unavailable` if there is no response, or the registry requests something
    ///   unsafe.
    func send(_ call: Call) throws -> HTTPResponse {
        try retrying { try attempt(call) }
    }

    /// Sends a request without retries, for a body that is generated while it is sent.
    ///
    /// - Throws: `HTTPError` if there is no response.
    func sendOnce(_ call: Call) throws -> HTTPResponse { try attempt(call) }

    /// Sends a request, with retries, and requires one of some statuses.
    ///
    /// - Throws: `ToolError` for another status.
    func send(_ call: Call, expecting statuses: Set<Int>) throws -> HTTPResponse {
        let response = try send(call)
        guard statuses.contains(response.status) else { throw error(response, to: call) }
        return response
    }

    // MARK: Retries

    /// Calls `body` until it succeeds or the retries are used up.
    private func retrying(_ body: () throws -> HTTPResponse) throws -> HTTPResponse {
        var attempt = 0
        while true {
            do {
                let response = try body()
                guard RetryPolicy.statuses.contains(response.status) else { return response }
                let requested = response.header("Retry-After").flatMap { RetryPolicy.seconds($0) }
                guard let pause = settings.retries.pause(before: attempt, requested: requested) else { return response }
                response.discard()
                Thread.sleep(forTimeInterval: pause)
            } catch let error as HTTPError {
                try wait(before: attempt, after: error)
            }
            attempt += 1
        }
    }

    /// Waits before a retry.
    ///
    /// - Parameter attempt: the number of the retry, from 0.
    /// - Throws: `ToolError` if there is no retry.
    func wait(before attempt: Int, after error: HTTPError) throws {
        guard isTransient(error), let pause = settings.retries.pause(before: attempt, requested: nil) else {
            throw self.error(error)
        }
        Thread.sleep(forTimeInterval: pause)
    }

    /// Whether a retry may succeed. A registry that was never reached is not tried again.
    private func isTransient(_ error: HTTPError) -> Bool {
        switch error.kind {
        case .timeout, .closed: true
        case .connect: state.withLock { $0.origin } != nil
        case .tls, .malformed: false
        }
    }

    // MARK: Errors

    /// The error for an unsuccessful response.
    func error(_ response: HTTPResponse, to call: Call) -> ToolError {
        RegistryErrorResponse.read(response, to: description(of: call)).error(task)
    }

    /// The error for a missing response.
    func error(_ error: HTTPError) -> ToolError {
        let remedy: Remedy =
            switch error.kind {
            case .tls where error.description == HTTPError.clientCertificateRequired:
                """
                put the certificate and its key into a directory as NAME.cert and NAME.key, and name it with \
                \(.certificateDirectory)
                """
            case .tls:
                """
                give the CA certificate with \(.certificateDirectory) or SSL_CERT_FILE, or disable verification for this \
                registry with \(.tlsVerify)=false
                """
            case .connect: "check the registry's name, the network and the proxy"
            case .timeout, .closed: "try again, or wait longer for responses with \(.timeout)"
            case .malformed: "check that the server is a registry"
            }
        return ToolError(.unavailable, task, cause: "\(registry): \(error)", remedy: remedy)
    }

    /// The error for a registry that requests something unsafe or violates the protocol.
    func violation(_ cause: String) -> ToolError {
        ToolError(
            .unavailable, task, cause: cause,
            remedy: "contact the registry's administrator; a correctly configured registry does not do this")
    }

    /// The method and the URL, or the name of the registry if it was not reached yet.
    private func description(of call: Call) -> String {
        let isReached = state.withLock { $0.origin } != nil
        guard !isReached, case .path(let path) = call.target else { return "\(call.method) \(url(of: call))" }
        return "\(call.method) \(registry)/v2/\(path)"
    }

    /// The URL of a call; requires that the registry was reached.
    func url(of call: Call) -> HTTPURL {
        switch call.target {
        case .path(let path):
            let origin = state.withLock { $0.origin } ?? .web(scheme: .https, host: registry, port: 443)
            return HTTPURL(origin, "/v2/" + path)
        case .url(let url): return url
        }
    }

    // MARK: One attempt

    /// Sends a request with the known authorization, and once more with the one that the registry then requests.
    private func attempt(_ call: Call) throws -> HTTPResponse {
        var (response, isRegistry) = try reach(call, authorization: state.withLock { $0.authorizations[call.scopes] })
        // Only the registry itself may request credentials, not a server that it redirects to.
        if response.status == 401, isRegistry, !call.isStream {
            let challenges = response.headers["WWW-Authenticate"].flatMap(Challenge.parse)
            response.discard()
            let origin = state.withLock { $0.origin }
            guard let origin, let authorization = try authorization(challenges, call.scopes, at: origin) else {
                return response
            }
            state.withLock { $0.authorizations[call.scopes] = authorization }
            (response, isRegistry) = try reach(call, authorization: authorization)
            // A rejected authorization is not used again.
            if response.status == 401, isRegistry { state.withLock { $0.authorizations[call.scopes] = nil } }
        }
        return response
    }

    /// Sends a request to the registry's server; the first time to each candidate until one responds.
    ///
    /// - Returns: the response, and whether it is the registry's own.
    private func reach(_ call: Call, authorization: Secret?) throws -> (HTTPResponse, isRegistry: Bool) {
        guard case .path(let path) = call.target else { return try follow(call, authorization) }
        if let origin = state.withLock({ $0.origin }) { return try follow(call.at(origin, path), authorization) }
        let origins = try RegistryEndpoint.candidates(registry, tlsVerify: settings.tlsVerify, task: task)
        var wantsTLS = false
        for (index, origin) in origins.enumerated() {
            let isLast = index == origins.count - 1
            do {
                let response = try follow(call.at(origin, path), authorization)
                // Servers that require TLS return 400 to unencrypted requests.
                if !isLast, origin.scheme == .http, response.0.status == 400 {
                    wantsTLS = true
                    continue
                }
                state.withLock { $0.origin = origin }
                return response
            } catch let error as HTTPError where !isLast && error.kind != .timeout {
                guard origin.scheme == .http || error.mayLackTLS else { throw error }
            } catch let error as HTTPError where isLast && wantsTLS && error.mayLackTLS {
                // The server has no TLS, so the 400 had another reason.
                state.withLock { $0.origin = origins[0] }
                return try follow(call.at(origins[0], path), authorization)
            }
        }
        throw HTTPError(.connect, "it responds neither to https nor to http")
    }

    /// Sends a request, and follows the redirects of GET and HEAD. Only the registry receives the authorization.
    private func follow(_ call: Call, _ authorization: Secret?) throws -> (HTTPResponse, isRegistry: Bool) {
        guard case .url(var url) = call.target else { throw HTTPError(.malformed, "the request has no URL") }
        let home = state.withLock { $0.origin } ?? url.origin
        for _ in 0..<Self.redirectLimit {
            var headers = call.headers
            headers.replaceOrAdd(name: "User-Agent", value: "dockertools")
            if url.origin == home, let authorization {
                headers.replaceOrAdd(name: "Authorization", value: authorization.text)
            }
            let response = try transport.send(
                HTTPRequest(call.method, url, headers: headers, body: call.body))
            guard [301, 302, 303, 307, 308].contains(response.status), call.method == .GET || call.method == .HEAD
            else { return (response, url.origin == home) }
            let location = response.header("Location") ?? ""
            response.discard()
            url = try safe(location, from: url, "redirect")
        }
        throw violation("\(registry) redirects more than \(Self.redirectLimit) times")
    }

    /// Resolves and checks a URL that the registry returned.
    ///
    /// - Parameters:
    ///   - url: the URL that was requested.
    ///   - role: the role of the returned URL: `redirect`.
    /// - Throws: `ToolError` if the URL is invalid or unsafe.
    func safe(_ location: String, from url: HTTPURL, _ role: String) throws -> HTTPURL {
        guard let target = url.resolving(location) else {
            throw violation("the \(role) from \(url) is not a valid URL")
        }
        if url.origin.scheme == .https, target.origin.scheme == .http {
            throw violation("the \(role) from \(url) to \(target.origin) is not encrypted")
        }
        if let host = url.origin.host, let other = target.origin.host,
            let cause = settings.redirectPolicy.refusal(from: host, to: other)
        {
            throw violation("the \(role) from \(url) is not allowed: \(cause)")
        }
        return target
    }
}

extension RegistryClient.Call {
    /// Whether the body can be sent only once.
    fileprivate var isStream: Bool {
        if case .stream = body { return true }
        return false
    }

    fileprivate func at(_ origin: HTTPOrigin, _ path: String) -> RegistryClient.Call {
        var call = self
        call.target = .url(HTTPURL(origin, "/v2/" + path))
        return call
    }
}

extension HTTPError {
    /// Whether the cause may be a server without TLS.
    fileprivate var mayLackTLS: Bool { kind == .connect || kind == .closed || description == HTTPError.noTLS }
}

// MARK: Authorization

extension RegistryClient {
    /// The Authorization header for a registry's challenges; nil if the credentials fit none of them.
    ///
    /// - Throws: `ToolError` if the token server is unsafe or returns no token.
    private func authorization(
        _ challenges: [Challenge], _ scopes: Set<RegistryScope>, at origin: HTTPOrigin
    ) throws -> Secret? {
        if case .registryToken(let token) = settings.credentials { return Secret("Bearer \(token.text)") }
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }), let realm = bearer.parameters["realm"] {
            return Secret("Bearer \(try token(bearer, realm, scopes, at: origin).text)")
        }
        if challenges.contains(where: { $0.scheme == "basic" }) { return settings.credentials.basic }
        return nil
    }

    /// Requests a token from a token server.
    ///
    /// Source: distribution, "Token Authentication Specification" and "OAuth2 Token Authentication".
    private func token(
        _ challenge: Challenge, _ realm: String, _ scopes: Set<RegistryScope>, at origin: HTTPOrigin
    ) throws -> Secret {
        let server = try safe(realm, from: HTTPURL(origin, "/v2/"), "token server")
        if settings.credentials != .none, server.origin.scheme == .http, server.origin.host != origin.host {
            throw violation("the token server \(server) is on another host and has no TLS, so it gets no credentials")
        }
        let request = tokenRequest(to: server, challenge, scopes)
        let response = try retrying { try transport.send(request) }
        guard response.status == 200 else {
            throw RegistryErrorResponse.read(response, to: "\(request.method) \(server)").error(task)
        }
        return try Self.token(in: response, server)
    }

    /// The request for a token: a GET with a user's password or without credentials, a POST with an identity token.
    private func tokenRequest(
        to server: HTTPURL, _ challenge: Challenge, _ scopes: Set<RegistryScope>
    ) -> HTTPRequest {
        var wanted = scopes.map(\.description)
        for scope in (challenge.parameters["scope"] ?? "").split(separator: " ").map(String.init)
        where !wanted.contains(scope) && !scopes.contains(where: { scope.hasPrefix("repository:\($0.repository):") }) {
            wanted.append(scope)
        }
        var fields = wanted.sorted().map { ("scope", $0) }
        if let service = challenge.parameters["service"] { fields.insert(("service", service), at: 0) }
        if case .identityToken(let token) = settings.credentials {
            fields =
                [("grant_type", "refresh_token"), ("client_id", "dockertools"), ("refresh_token", token.text)] + fields
            return HTTPRequest(
                .POST, server, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .bytes(Array(Self.form(fields).utf8)))
        }
        var headers: HTTPHeaders = [:]
        if let basic = settings.credentials.basic { headers.add(name: "Authorization", value: basic.text) }
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
