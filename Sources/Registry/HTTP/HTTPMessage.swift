package import ByteIO
import Compression
import Dispatch
import NIOCore
package import NIOHTTP1

/// One HTTP request.
package struct HTTPRequest: Sendable {
    /// The body of a request.
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// A body that is generated while it is sent.
        ///
        /// - Parameters:
        ///   - size: in bytes; nil if unknown: the body is then sent in chunks.
        ///   - write: writes the bytes, on the thread that sends the request.
        case stream(size: UInt64?, write: @Sendable (any ByteSink) throws -> Void)
    }

    /// The method: GET, HEAD, POST, PUT, PATCH.
    package var method: HTTPMethod
    /// The server and the request target.
    package var url: HTTPURL
    /// The headers, without those that the HTTP client adds (Host, Content-Length).
    package var headers: HTTPHeaders
    /// The body.
    package var body: Body

    /// By default a request has no headers and no body.
    package init(_ method: HTTPMethod, _ url: HTTPURL, headers: HTTPHeaders = [:], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// One HTTP response: the complete head, and the body as a stream.
package struct HTTPResponse {
    /// The status code: 200.
    package let status: Int
    /// All headers.
    package let headers: HTTPHeaders
    /// The body; reading throws `HTTPError` if the connection ends before the body does.
    package let body: any ByteSource

    init(_ head: HTTPResponseHead, _ body: HTTPBody) {
        status = Int(head.status.code)
        headers = head.headers
        self.body = body
    }

    private init(_ response: HTTPResponse, body: any ByteSource) {
        status = response.status
        headers = response.headers
        self.body = body
    }

    /// Whether the server compressed the body for the transfer (RFC 9110, 8.4.1.3). Requests ask for `identity`, but
    /// some servers compress all the same.
    var isGzipEncoded: Bool { ["gzip", "x-gzip"].contains(header("Content-Encoding")?.lowercased()) }

    /// The response with the body before the server compressed it.
    ///
    /// - Parameters:
    ///   - name: the name of the body in errors.
    ///   - limit: the maximum size of the body in bytes.
    /// - Throws: errors of the body.
    func decoded(_ name: String, limit: UInt64) throws -> HTTPResponse {
        guard isGzipEncoded else { return self }
        return HTTPResponse(self, body: try GzipSource(body, name: name, limits: DecompressionLimits(output: limit)))
    }

    /// Whether the request succeeded: status 200…299.
    package var isSuccess: Bool { (200...299).contains(status) }

    /// Whether an interrupted body can be told from a complete one.
    ///
    /// Without Content-Length and Transfer-Encoding the end of the connection ends the body (RFC 9112, 6.3).
    var isDelimited: Bool { header("Content-Length") != nil || header("Transfer-Encoding") != nil }

    /// The value of a header; the first one if the header is repeated.
    package func header(_ name: String) -> String? { headers.first(name: name) }

    /// Reads the whole body.
    ///
    /// - Returns: nil if the body is larger than `limit` bytes.
    /// - Throws: `HTTPError`.
    package func bytes(limit: Int) throws -> [UInt8]? {
        let bytes = try [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
            count = try body.fill(UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes.count > limit ? nil : bytes
    }

    /// Reads and drops a short body, so that the connection can be reused.
    package func discard() {
        _ = try? body.skip(Self.discardLimit)
    }

    /// The most bytes to read only to keep a connection.
    private static let discardLimit: UInt64 = 64 * 1024
}

/// The body of a response, received no faster than it is read.
///
/// A server that sends fewer than `HTTPSettings.leastBytes` within the timeout counts as unresponsive.
final class HTTPBody: ByteSource {
    private let exchange: HTTPExchange
    private var part = ByteBuffer()
    /// Bytes received since `waited` was last reset.
    private var count = 0
    /// Nanoseconds spent waiting for those bytes.
    private var waited: UInt64 = 0

    init(_ exchange: HTTPExchange) {
        self.exchange = exchange
    }

    deinit { exchange.abandon() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while part.readableBytes == 0 {
            guard let next = try next() else { return 0 }
            part = next
        }
        return part.readWithUnsafeReadableBytes { bytes in
            let count = min(bytes.count, buffer.count)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
    }

    /// Waits for the next part. Only this wait counts toward the timeout, so that a slow reader is not blamed on the
    /// server.
    private func next() throws -> ByteBuffer? {
        let now = DispatchTime.now()
        do {
            let next = try exchange.nextPart(by: now + exchange.timeout - Double(waited) / 1e9)
            count += next?.readableBytes ?? 0
            waited += DispatchTime.now().uptimeNanoseconds - now.uptimeNanoseconds
            if count >= HTTPSettings.leastBytes { (count, waited) = (0, 0) }
            return next
        } catch {
            exchange.abandon()
            throw error
        }
    }
}
