import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Sends requests, and blocks until there is an answer.
///
/// Below the operations nothing of this program is asynchronous: images are read and written by threads that block. The HTTP
/// client's event loops are threads of their own, and this is where the two meet. No thread of Swift's concurrency may call
/// `send` while others wait for that thread.
package final class HTTPTransport: Sendable {
    private let settings: @Sendable (HTTPOrigin) throws -> HTTPSettings
    private let clients = Mutex<[HTTPOrigin: (HTTPClient, HTTPSettings)]>([:])

    /// - Parameter settings: how a server is reached, asked for once.
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
    /// - Returns: the answer, when its head is there; the body comes as it is read.
    /// - Throws: `HTTPError` where there is no answer; what the body's writer throws, and what the settings do.
    package func send(_ request: HTTPRequest) throws -> HTTPResponse {
        let (client, settings) = try client(for: request.address.origin)
        let exchange = HTTPExchange(patience: settings.patience)
        let upload: HTTPUpload?
        let body: HTTPClient.Body?
        switch request.body {
        case .none: (upload, body) = (nil, nil)
        case .bytes(let bytes): (upload, body) = (nil, .bytes(bytes))
        case .stream(let size, _):
            let stream = HTTPUpload(patience: settings.patience)
            upload = stream
            body = .stream(contentLength: size.map { Int64(clamping: $0) }) { stream.begin($0) }
        }
        do {
            let prepared = try HTTPClient.Request(
                url: request.address.urlText, method: request.method, headers: request.headers, body: body)
            let task = client.execute(request: prepared, delegate: exchange)
            exchange.begin(cancel: { task.cancel() })
        } catch {
            throw HTTPError(error)
        }
        if let upload, case .stream(_, let write) = request.body {
            exchange.begin(onAnswer: { upload.stop() })
            try upload.run(write)
        }
        return try exchange.response()
    }

    private func client(for origin: HTTPOrigin) throws -> (HTTPClient, HTTPSettings) {
        if let known = clients.withLock({ $0[origin] }) { return known }
        let settings = try settings(origin)
        return clients.withLock { clients in
            if let known = clients[origin] { return known }
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: settings.tls, redirectConfiguration: .disallow,
                timeout: .init(connect: .milliseconds(Int64(settings.patience * 1000))), proxy: settings.proxy)
            configuration.httpVersion = .http1Only
            // Whoever asks knows when to ask again.
            configuration.connectionPool.retryConnectionEstablishment = false
            let client = HTTPClient(
                eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
            clients[origin] = (client, settings)
            return (client, settings)
        }
    }
}

/// How a server is reached.
package struct HTTPSettings: Sendable {
    /// What is trusted, for https.
    package var tls: TLSConfiguration
    /// Through what, if not directly.
    package var proxy: HTTPClient.Configuration.Proxy?
    /// Seconds that a connection may take, and that a server may be silent; it counts as silent that brings fewer than
    /// `leastBytes` in that time.
    package var patience: Double

    /// What no connection that is alive falls below: 1 KiB.
    static let leastBytes = 1024

    package init(
        tls: TLSConfiguration = .makeClientConfiguration(), proxy: HTTPClient.Configuration.Proxy? = nil,
        patience: Double = 60
    ) {
        self.tls = tls
        self.proxy = proxy
        self.patience = patience
    }

    /// How a server is reached where a registry is, or one that a registry leads to.
    ///
    /// - Throws: `ToolError` for certificates or proxies that are not what they should be.
    package init(
        _ origin: HTTPOrigin, certificates: TrustStore, proxies: ProxyEnvironment, patience: Double
    ) throws {
        self.init(patience: patience)
        guard case .web(let scheme, let host, let port) = origin else { return }
        if scheme == .https { tls = try certificates.configuration(host: host, port: port) }
        proxy = try proxies.proxy(scheme: scheme.rawValue, host: host, port: port)?.configuration
    }
}
