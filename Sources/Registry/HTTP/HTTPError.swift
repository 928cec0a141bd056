import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Why there was no answer, or no whole one.
package struct HTTPError: Error, Sendable {
    package enum Kind: Sendable {
        /// No connection came about.
        case connect
        /// The server's certificate is not trusted, or its TLS is none.
        case tls
        /// A connection, and then silence, or hardly more than that.
        case timeout
        /// The connection ended before the answer did.
        case closed
        /// What came is no HTTP.
        case malformed
    }

    package let kind: Kind
    /// For people, in one line: `connection refused`.
    package let words: String

    package init(_ kind: Kind, _ words: String) {
        self.kind = kind
        self.words = words
    }

    /// What an error of the HTTP client comes to.
    init(_ error: any Error) {
        switch error {
        case let error as HTTPError: self = error
        case let error as NIOConnectionError: self.init(.connect, Self.words(for: error))
        case let error as IOError:
            self.init(Self.isRefusal(error.errnoCode) ? .connect : .closed, Self.words(for: error))
        case let error as HTTPClientError: self.init(error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.init(.tls, Self.words(forTLS: error))
        case HTTPParserError.invalidEOFState: self.init(.closed, "the connection was cut")
        case let error as HTTPParserError: self.init(.malformed, "no HTTP: \(error)")
        default: self.init(.closed, "\(error)")
        }
    }

    private init(_ error: HTTPClientError) {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
            self.init(.connect, "no connection came about in time")
        case .tlsHandshakeTimeout: self.init(.tls, "no TLS came about in time")
        case .readTimeout, .writeTimeout, .deadlineExceeded: self.init(.timeout, "the server fell silent")
        case .proxyAuthenticationRequired: self.init(.connect, "the proxy wants other credentials")
        case .invalidProxyResponse: self.init(.connect, "the proxy gave no connection")
        case .remoteConnectionClosed, .uncleanShutdown, .requestStreamCancelled:
            self.init(.closed, "the connection was cut")
        default: self.init(.malformed, error.shortDescription)
        }
    }

    private static func isRefusal(_ code: Int32) -> Bool {
        [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ENOENT, EACCES, EADDRNOTAVAIL, ETIMEDOUT].contains(code)
    }

    private static func words(for error: IOError) -> String { String(cString: strerror(error.errnoCode)).lowercased() }

    private static func words(for error: NIOConnectionError) -> String {
        if let cause = error.connectionErrors.first?.error {
            return (cause as? IOError).map(words(for:)) ?? HTTPError(cause).words
        }
        return "the name \(error.host) leads to no address"
    }

    static let noTLS = "it does not speak TLS"

    private static func words(forTLS error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate is of no authority that is trusted here, or has run out"
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") { return noTLS }
        if text.contains("failedToValidateHostname") { return "its certificate is for another host" }
        let alerts = ["ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_REQUIRED", "ALERT_UNKNOWN_CA"]
        if alerts.contains(where: text.contains) {
            return "it lets nobody in without a certificate that it knows, NAME.cert and NAME.key for --cert-dir"
        }
        // The rest of BoringSSL's words is of its own sources.
        let reason = text.firstMatch(of: /OPENSSL_internal:([A-Z0-9_]+)/)?.output.1
        return "TLS failed: \(reason.map(String.init) ?? text)"
    }
}
