import NIOHTTP1
import Tar

/// One request.
public struct HTTPRequest: Sendable {
    /// What is sent along.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// - Parameters:
        ///   - size: in bytes; nil where it shows in the end alone: it goes in chunks then.
        ///   - write: writes the bytes, on the thread that sends the request.
        case stream(size: UInt64?, write: @Sendable (any ByteSink) throws -> Void)
    }

    public var method: HTTPMethod
    public var address: HTTPAddress
    public var headers: HTTPHeaders
    public var body: Body

    public init(_ method: HTTPMethod, _ address: HTTPAddress, headers: HTTPHeaders = [:], body: Body = .none) {
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
    }
}
