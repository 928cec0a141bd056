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
    struct State {
        /// The server of the registry, once a request has reached it.
        var origin: HTTPOrigin?
        /// The Authorization headers that servers requested, each for its own server only.
        var authorizations: [AuthorizationKey: Secret] = [:]
        /// The challenges of the registry's base URL, once they have been fetched.
        var baseChallenges: [Challenge]?
    }

    /// The registry as in image names.
    package let registry: String
    /// The message of all errors: `cannot pull docker.io/library/redis:7`.
    let task: String
    let settings: RegistrySettings
    let transport: HTTPTransport
    let state = Mutex(State())
    /// Held while an authorization is obtained, so that parallel requests do not each ask for a token.
    let renewal = Mutex(())

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
    private func response(to call: Call) throws -> HTTPResponse {
        try retrying { try attempt(call) }
    }

    /// Sends a request without retries, for a body that is generated while it is sent.
    ///
    /// - Throws: `HTTPError` if there is no response.
    func sendOnce(_ call: Call) throws -> HTTPResponse { try attempt(call) }

    /// Sends a request, with retries, and requires success.
    ///
    /// Registries differ in the status of a success: any of 200…299 counts, as for docker and skopeo.
    ///
    /// - Parameter statuses: further statuses that the caller handles.
    /// - Throws: `ToolError` for another status.
    func send(_ call: Call, allowing statuses: Set<Int> = []) throws -> HTTPResponse {
        let response = try response(to: call)
        guard response.isSuccess || statuses.contains(response.status) else { throw error(response, to: call) }
        return response
    }

    // MARK: Retries

    /// Calls `body` until it succeeds or the retries are used up.
    func retrying(_ body: () throws -> HTTPResponse) throws -> HTTPResponse {
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

    /// The response to a request, and who sent it.
    struct Exchange {
        var response: HTTPResponse
        /// The server that responded: the registry, or one that it redirected to.
        var server: HTTPOrigin
        /// The Authorization header that the server received.
        var authorization: Secret?
    }

    /// Sends a request with the known authorizations, and again with those that servers then request.
    private func attempt(_ call: Call) throws -> HTTPResponse {
        var exchange = try reach(call)
        // A body that is generated while it is sent cannot be sent again.
        guard !call.isStream else { return exchange.response }
        var asked: Set<HTTPOrigin> = []
        while !asked.contains(exchange.server), try authorize(call, exchange) {
            asked.insert(exchange.server)
            exchange.response.discard()
            exchange = try reach(call)
        }
        // A rejected authorization is not used again.
        if exchange.response.status == 401 { forgetAuthorizations(for: call.scopes) }
        return exchange.response
    }

    /// Sends a request to the registry's server; the first time to each candidate until one responds.
    private func reach(_ call: Call) throws -> Exchange {
        guard case .path(let path) = call.target else { return try follow(call) }
        if let origin = state.withLock({ $0.origin }) { return try follow(call.at(origin, path)) }
        let origins = try RegistryEndpoint.candidates(registry, tlsVerify: settings.tlsVerify, task: task)
        var wantsTLS = false
        for (index, origin) in origins.enumerated() {
            let isLast = index == origins.count - 1
            do {
                let exchange = try follow(call.at(origin, path))
                // Servers that require TLS return 400 to unencrypted requests.
                if !isLast, origin.scheme == .http, exchange.response.status == 400 {
                    wantsTLS = true
                    continue
                }
                state.withLock { $0.origin = origin }
                return exchange
            } catch let error as HTTPError where !isLast && error.kind != .timeout {
                guard origin.scheme == .http || error.mayLackTLS else { throw error }
            } catch let error as HTTPError where isLast && wantsTLS && error.mayLackTLS {
                // The server has no TLS, so the 400 had another reason.
                state.withLock { $0.origin = origins[0] }
                return try follow(call.at(origins[0], path))
            }
        }
        throw HTTPError(.connect, "it responds neither to https nor to http")
    }

    /// Sends a request, and follows redirects. Each server receives only the authorization that it requested itself.
    func follow(_ call: Call) throws -> Exchange {
        guard case .url(var url) = call.target else { throw HTTPError(.malformed, "the request has no URL") }
        for _ in 0..<Self.redirectLimit {
            var headers = call.headers
            headers.replaceOrAdd(name: "User-Agent", value: "dockertools")
            // Digests are of the bytes before any encoding, so none may be applied (RFC 9110, 12.5.3).
            headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
            let key = AuthorizationKey(url.origin, call.scopes)
            let authorization = state.withLock { $0.authorizations[key] }
            if let authorization { headers.replaceOrAdd(name: "Authorization", value: authorization.text) }
            let response = try transport.send(HTTPRequest(call.method, url, headers: headers, body: call.body))
            guard call.followsRedirect(response.status) else {
                return Exchange(response: response, server: url.origin, authorization: authorization)
            }
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
    var isStream: Bool {
        if case .stream = body { return true }
        return false
    }

    /// Whether a status is a redirect that is followed: any for GET and HEAD; for other methods those that keep the
    /// method and the body (RFC 9110, 15.4), if the body can be sent again.
    fileprivate func followsRedirect(_ status: Int) -> Bool {
        switch status {
        case 301, 302, 303: method == .GET || method == .HEAD
        case 307, 308: !isStream
        default: false
        }
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
