import ByteIO
import Dispatch
import NIOCore
import NIOHTTP1

/// The body of an answer as it comes from the server, which sends no faster than it is read.
///
/// A server that drips counts as one that is silent: within the patience that it is given it has to bring some bytes.
final class HTTPBody: ByteSource {
    private let exchange: HTTPExchange
    private var part = ByteBuffer()
    /// Bytes that came since the server last showed that it is alive.
    private var count = 0
    /// Nanoseconds that were waited since.
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

    /// The clock runs only while this waits: a slow reader is not the server's fault.
    private func next() throws -> ByteBuffer? {
        let now = DispatchTime.now()
        do {
            let next = try exchange.nextPart(by: now + exchange.patience - Double(waited) / 1e9)
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

/// One request.
package struct HTTPRequest: Sendable {
    /// What is sent along.
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// - Parameters:
        ///   - size: in bytes; nil where it shows in the end alone: it goes in chunks then.
        ///   - write: writes the bytes, on the thread that sends the request.
        case stream(size: UInt64?, write: @Sendable (any ByteSink) throws -> Void)
    }

    package var method: HTTPMethod
    package var address: HTTPURL
    package var headers: HTTPHeaders
    package var body: Body

    package init(_ method: HTTPMethod, _ address: HTTPURL, headers: HTTPHeaders = [:], body: Body = .none) {
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
    }
}

/// An answer: its head, and its body as it comes.
package struct HTTPResponse {
    /// Such as 200.
    package let status: Int
    package let headers: HTTPHeaders
    /// Throws `HTTPError` where the connection ends before the body does.
    package let body: any ByteSource

    init(_ head: HTTPResponseHead, _ body: HTTPBody) {
        status = Int(head.status.code)
        headers = head.headers
        self.body = body
    }

    /// Whether the request was granted: 2xx.
    package var isSuccess: Bool { (200...299).contains(status) }

    /// Whether a body that is cut is told from one that has come to its end: without that, the end of the connection is it.
    var tellsItsEnd: Bool { header("Content-Length") != nil || header("Transfer-Encoding") != nil }

    /// The value of a header; the first of several.
    package func header(_ name: String) -> String? { headers.first(name: name) }

    /// The whole body, nil if it has more than `limit` bytes.
    package func bytes(limit: Int) throws -> [UInt8]? {
        let bytes = try [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
            count = try body.fill(UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes.count > limit ? nil : bytes
    }

    /// Reads a short body that nobody wants, so that the connection serves once more.
    package func discard() {
        _ = try? body.skip(Self.discarded)
    }

    private static let discarded: UInt64 = 64 * 1024
}
