import Foundation
import Glibc
import Synchronization

/// Serves HTTP on loopback with the responses of a test, malformed and interrupted ones included, until it is released.
package final class ScriptedServer: Sendable {
    /// A request as the server received it.
    package struct Request: Sendable {
        /// The method, such as `GET`.
        package let method: String
        /// Path and query as received.
        package let target: String
        /// The header fields, with names in lower case.
        package let headers: [String: String]
        /// The body, empty if there is none.
        package let body: [UInt8]

        /// The path without the query.
        package var path: String { String(target.prefix { $0 != "?" }) }
        /// The fields of the query, decoded; of several with one name, the last.
        package var query: [String: String] {
            let items = URLComponents(string: target)?.queryItems ?? []
            return Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
        }
    }

    /// A response, and the way in which it is sent.
    package struct Response: Sendable {
        /// The framing of the body.
        package enum Length: Sendable {
            /// Content-Length with the length of the body; chunked encoding; or neither, so that the end of the
            /// connection ends the body.
            case stated, chunked, missing
            /// Content-Length with a wrong value.
            case falsely(Int)
        }

        /// The status code.
        package var status: Int
        /// The header fields in their order, without Content-Length.
        package var headers: [(String, String)]
        /// The body before it is cut or repeated.
        package var body: [UInt8]
        /// How the head states the length of the body.
        package var length = Length.stated
        /// The number of bytes of the body after which the connection is closed.
        package var cutAfter: Int?
        /// Whether the body is repeated until the client closes the connection.
        package var isEndless = false
        /// The delay before the head, in seconds.
        package var delay = 0.0
        /// The number of bytes of the body in each piece, and the pause between pieces in seconds.
        package var drip: (bytes: Int, pause: Double)?
        /// The number of bytes of the body after which the server waits until a gate is open.
        package var hold: (bytes: Int, gate: Gate)?

        /// Makes a response with bytes as its body.
        package init(_ status: Int, _ headers: [(String, String)] = [], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// Makes a response with text as its body.
        package init(_ status: Int, _ headers: [(String, String)] = [], text: String) {
            self.init(status, headers, body: Array(text.utf8))
        }
    }

    /// Lets a test decide when a held response goes on. It is closed at first.
    package final class Gate: Sendable {
        private let isOpen = Mutex(false)

        /// Makes a closed gate.
        package init() {}

        /// Opens the gate for good.
        package func open() { isOpen.withLock { $0 = true } }

        fileprivate func wait() {
            while !isOpen.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.01) }
        }
    }

    private let listener: Int32
    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    private let log = Log()
    /// The IPv4 address that the server listens on.
    package let host: String
    /// The port, chosen by the system.
    package let port: Int

    /// The address and the port: `127.0.0.1:PORT`.
    package var authority: String { "\(host):\(port)" }
    /// The URL of the server: `http://127.0.0.1:PORT`.
    package var url: String { "http://\(authority)" }
    /// The requests so far, in the order of their arrival.
    package var requests: [Request] { log.requests.withLock { $0 } }
    /// `METHOD PATH` of each request.
    package var lines: [String] { requests.map { "\($0.method) \($0.path)" } }

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - host: an IPv4 address of the loopback network.
    ///   - response: makes the response to a request; it is called from several threads.
    package init(host: String = "127.0.0.1", _ response: @escaping @Sendable (Request) -> Response) throws {
        self.host = host
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, host, &address.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isBound else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        let log = log
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread {
                    var reader = RequestReader(connection)
                    // Go's server gives the same response to a client that speaks TLS.
                    if reader.startsTLS {
                        _ = Self.send(Response(400, text: "no TLS here"), to: connection, isHead: false)
                        close(connection)
                        return
                    }
                    while let request = reader.next() {
                        log.requests.withLock { $0.append(request) }
                        guard Self.send(response(request), to: connection, isHead: request.method == "HEAD") else {
                            break
                        }
                    }
                    close(connection)
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Whether the connection stays open for another request.
    private static func send(_ response: Response, to connection: Int32, isHead: Bool) -> Bool {
        if response.delay > 0 { Thread.sleep(forTimeInterval: response.delay) }
        var head = "HTTP/1.1 \(response.status) Scripted\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        var body = response.body
        switch response.isEndless ? .missing : response.length {
        case .stated: if response.status != 204, response.status != 304 { head += "Content-Length: \(body.count)\r\n" }
        case .falsely(let count): head += "Content-Length: \(count)\r\n"
        case .missing: head += "Connection: close\r\n"
        case .chunked:
            head += "Transfer-Encoding: chunked\r\n"
            body = Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
        }
        guard write(Array((head + "\r\n").utf8), to: connection) else { return false }
        if isHead { return true }
        while response.isEndless { guard write(body, to: connection) else { return false } }
        let shown = body.prefix(response.cutAfter ?? .max)
        var rest = shown[...]
        while !rest.isEmpty {
            let part = rest.prefix(response.drip?.bytes ?? .max)
            guard write(Array(part), to: connection) else { return false }
            rest = rest.dropFirst(part.count)
            if let hold = response.hold, shown.count - rest.count >= hold.bytes { hold.gate.wait() }
            if let drip = response.drip, !rest.isEmpty { Thread.sleep(forTimeInterval: drip.pause) }
        }
        if response.cutAfter != nil { Thread.sleep(forTimeInterval: Self.beforeCut) }
        if case .missing = response.length { return false }
        return response.cutAfter == nil
    }

    /// The time in seconds for the client to read the sent bytes before the connection is closed.
    private static let beforeCut = 0.2

    private static func write(_ bytes: [UInt8], to connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Reads the requests of one connection.
private struct RequestReader {
    private let connection: Int32
    private var held: [UInt8] = []

    init(_ connection: Int32) {
        self.connection = connection
    }

    /// Whether the client starts with a TLS handshake.
    var startsTLS: Bool {
        mutating get { (!held.isEmpty || receive()) && held.first == 0x16 }
    }

    mutating func next() -> ScriptedServer.Request? {
        guard let head = line(endingIn: "\r\n\r\n") else { return nil }
        var lines = head.split(separator: "\r\n")
        let words = lines.removeFirst().split(separator: " ")
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        guard let body = body(headers) else { return nil }
        return ScriptedServer.Request(
            method: String(words[0]), target: String(words[1]), headers: headers, body: body)
    }

    private mutating func body(_ headers: [String: String]) -> [UInt8]? {
        if headers["transfer-encoding"] == "chunked" {
            var body: [UInt8] = []
            while let size = line(endingIn: "\r\n").flatMap({ Int($0, radix: 16) }) {
                guard let chunk = bytes(size), line(endingIn: "\r\n") != nil else { return nil }
                if size == 0 { return body }
                body += chunk
            }
            return nil
        }
        return bytes(headers["content-length"].flatMap { Int($0) } ?? 0)
    }

    private mutating func line(endingIn end: String) -> String? {
        let end = Array(end.utf8)
        while true {
            if let range = held.firstRange(of: end) {
                defer { held.removeSubrange(..<range.upperBound) }
                return String(decoding: held[..<range.lowerBound], as: UTF8.self)
            }
            guard receive() else { return nil }
        }
    }

    private mutating func bytes(_ count: Int) -> [UInt8]? {
        while held.count < count { guard receive() else { return nil } }
        defer { held.removeFirst(count) }
        return Array(held.prefix(count))
    }

    private mutating func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        held += buffer.prefix(count)
        return true
    }
}
