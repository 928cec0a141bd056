package import AsyncHTTPClient
import NIOCore
package import NIOSSL
import Synchronization

/// Sends HTTP requests and blocks until the response arrives.
///
/// Images are read and written by blocking threads; the HTTP client runs on event loop threads of its own, and this
/// type connects the two. `send`, and reading the body of a response, block the calling thread for up to the timeout at
/// a time: call them from a thread outside Swift's cooperative pool.
package final class HTTPTransport: Sendable {
    private let settings: @Sendable (HTTPOrigin) throws -> HTTPSettings
    private let clients = Mutex<[HTTPOrigin: (HTTPClient, HTTPSettings)]>([:])

    /// - Parameter settings: returns the settings for a server; called once per server.
    package init(settings: @escaping @Sendable (HTTPOrigin) throws -> HTTPSettings) {
        self.settings = settings
    }

    deinit {
        clients.withLock { clients in
            for (client, _) in clients.values { client.shutdown { _ in } }
        }
    }

    /// Sends a request. Redirects are not followed.
    ///
    /// - Returns: the response, as soon as its head is there; its body is received while it is read.
    /// - Throws: `HTTPError` if there is no response; errors of the body's writer and of the settings.
    package func send(_ request: HTTPRequest) throws -> HTTPResponse {
        let (client, settings) = try client(for: request.url.origin)
        let exchange = HTTPExchange(timeout: settings.timeout)
        let upload: HTTPUpload?
        let body: HTTPClient.Body?
        switch request.body {
        case .none: (upload, body) = (nil, nil)
        case .bytes(let bytes): (upload, body) = (nil, .bytes(bytes))
        case .stream(let size, _):
            let stream = HTTPUpload(on: try EventLoops.shared().any(), timeout: settings.timeout)
            upload = stream
            body = .stream(contentLength: size.map { Int64(clamping: $0) }) { stream.begin($0) }
        }
        do {
            let prepared = try HTTPClient.Request(
                url: request.url.text, method: request.method, headers: request.headers, body: body)
            let task = client.execute(request: prepared, delegate: exchange)
            exchange.begin(cancel: { task.cancel() })
        } catch {
            throw HTTPError(error)
        }
        if let upload, case .stream(_, let write) = request.body {
            exchange.begin(onResponse: { upload.stop() })
            try upload.run(write)
        }
        return try exchange.response()
    }

    private func client(for origin: HTTPOrigin) throws -> (HTTPClient, HTTPSettings) {
        if let known = clients.withLock({ $0[origin] }) { return known }
        let settings = try settings(origin)
        return try clients.withLock { clients in
            if let known = clients[origin] { return known }
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: settings.tls, redirectConfiguration: .disallow,
                timeout: .init(connect: .milliseconds(Int64(settings.timeout * 1000))), proxy: settings.proxy)
            configuration.httpVersion = .http1Only
            // RegistryClient retries by its own policy.
            configuration.connectionPool.retryConnectionEstablishment = false
            let client = HTTPClient(
                eventLoopGroupProvider: .shared(try EventLoops.shared()), configuration: configuration)
            clients[origin] = (client, settings)
            return (client, settings)
        }
    }
}

/// How to connect to one server.
package struct HTTPSettings: Sendable {
    /// The trusted certificates and the client certificate, for https.
    package var tls: TLSConfiguration
    /// The proxy; nil for a direct connection.
    package var proxy: HTTPClient.Configuration.Proxy?
    /// Seconds to wait for a connection, for a response and for `leastBytes` of its body.
    package var timeout: Double

    /// The fewest bytes that a working connection transfers within the timeout: 1 KiB.
    static let leastBytes = 1024

    /// - Parameter timeout: in seconds.
    package init(
        tls: TLSConfiguration = .makeClientConfiguration(), proxy: HTTPClient.Configuration.Proxy? = nil,
        timeout: Double = 60
    ) {
        self.tls = tls
        self.proxy = proxy
        self.timeout = timeout
    }

    /// The settings for a registry, or for a server that a registry redirects to.
    ///
    /// - Parameter timeout: in seconds.
    /// - Throws: `ToolError` for invalid certificate files and proxy variables.
    package init(
        _ origin: HTTPOrigin, certificates: TrustStore, proxies: ProxyEnvironment, timeout: Double
    ) throws {
        self.init(timeout: timeout)
        guard case .web(let scheme, let host, let port) = origin else { return }
        if scheme == .https { tls = try certificates.configuration(host: host, port: port) }
        proxy = try proxies.proxy(scheme: scheme.rawValue, host: host, port: port)?.configuration
    }
}
