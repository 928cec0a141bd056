import Archives
import NIOHTTP1
import Tar

/// An answer: its head, and its body as it comes.
public struct HTTPResponse {
    /// Such as 200.
    public let status: Int
    public let headers: HTTPHeaders
    /// Throws `HTTPError` where the connection ends before the body does.
    public let body: any ByteSource

    init(_ head: HTTPResponseHead, _ body: HTTPBody) {
        status = Int(head.status.code)
        headers = head.headers
        self.body = body
    }

    /// Whether the request was granted: 2xx.
    public var isSuccess: Bool { (200...299).contains(status) }

    /// Whether a body that is cut is told from one that has come to its end: without that, the end of the connection is it.
    var tellsItsEnd: Bool { header("Content-Length") != nil || header("Transfer-Encoding") != nil }

    /// The value of a header; the first of several.
    public func header(_ name: String) -> String? { headers.first(name: name) }

    /// The whole body, nil if it has more than `limit` bytes.
    public func bytes(limit: Int) throws -> [UInt8]? {
        let bytes = try [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
            count = try body.fill(UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes.count > limit ? nil : bytes
    }

    /// Reads a short body that nobody wants, so that the connection serves once more.
    public func discard() {
        _ = try? body.skip(Self.discarded)
    }

    private static let discarded: UInt64 = 64 * 1024
}
