import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTP exchange that ended without a complete response.
package struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// The stage at which an exchange failed.
    package enum Kind: Sendable {
        /// No connection was established.
        case connect
        /// The server's certificate is not trusted, or the TLS handshake failed.
        case tls
        /// The server stopped responding, or sent less than `HTTPSettings.leastBytes` within the timeout.
        case timeout
        /// The connection ended before the response did.
        case closed
        /// The server sent something other than HTTP.
        case malformed
    }

    /// The stage at which the exchange failed.
    package let kind: Kind
    /// The cause in one line: `connection refused`.
    package let description: String

    /// - Parameter description: the cause in one line.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Classifies an error of the HTTP client.
    init(_ error: any Error) {
        switch error {
        case let error as HTTPError: self = error
        case let error as NIOConnectionError: self.init(.connect, Self.description(of: error))
        case let error as IOError:
            self.init(Self.isConnectError(error.errnoCode) ? .connect : .closed, Self.description(of: error))
        case let error as HTTPClientError: self.init(error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.init(.tls, Self.description(ofTLS: error))
        case HTTPParserError.invalidEOFState: self.init(.closed, Self.interrupted)
        case let error as HTTPParserError: self.init(.malformed, "invalid HTTP: \(error)")
        default: self.init(.closed, "\(error)")
        }
    }

    private init(_ error: HTTPClientError) {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
            self.init(.connect, "connecting timed out")
        case .tlsHandshakeTimeout: self.init(.tls, "the TLS handshake timed out")
        case .readTimeout, .writeTimeout, .deadlineExceeded: self.init(.timeout, "the server stopped responding")
        case .proxyAuthenticationRequired: self.init(.connect, "the proxy requires other credentials")
        case .invalidProxyResponse: self.init(.connect, "the proxy refused the connection")
        case .remoteConnectionClosed, .uncleanShutdown, .requestStreamCancelled:
            self.init(.closed, Self.interrupted)
        default: self.init(.malformed, error.shortDescription)
        }
    }

    private static let interrupted = "the connection was interrupted"

    /// Whether an error number means that the server was not reached.
    private static func isConnectError(_ code: Int32) -> Bool {
        [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ENOENT, EACCES, EADDRNOTAVAIL, ETIMEDOUT].contains(code)
    }

    private static func description(of error: IOError) -> String {
        String(cString: strerror(error.errnoCode)).lowercased()
    }

    private static func description(of error: NIOConnectionError) -> String {
        if let cause = error.connectionErrors.first?.error {
            return (cause as? IOError).map(description(of:)) ?? HTTPError(cause).description
        }
        return "the host name '\(error.host)' has no address"
    }

    /// The description of a server that does not speak TLS.
    static let noTLS = "it does not speak TLS"

    private static func description(ofTLS error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate is not signed by a trusted CA, or is expired"
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") { return noTLS }
        if text.contains("failedToValidateHostname") { return "its certificate is for another host" }
        let alerts = ["ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_REQUIRED", "ALERT_UNKNOWN_CA"]
        if alerts.contains(where: text.contains) { return clientCertificateRequired }
        // BoringSSL's messages contain source locations; the reason code is the useful part.
        let reason = text.firstMatch(of: /OPENSSL_internal:([A-Z0-9_]+)/)?.output.1
        return "TLS failed: \(reason.map(String.init) ?? text)"
    }

    /// The description of a server that rejects clients without a certificate.
    static let clientCertificateRequired = "it requires a client certificate that it trusts"
}
