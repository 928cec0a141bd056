import AsyncHTTPClient
import ByteIO
import Dispatch
import NIOCore
import Synchronization

/// The body of a request, written by the thread that sends the request.
final class HTTPUpload: ByteSink, Sendable {
    /// The response or an error arrived before the whole body was sent; `HTTPExchange` knows which.
    private struct Stopped: Error {}

    private struct State {
        var writer: HTTPClient.Body.StreamWriter?
        var isStopped = false
    }

    /// The number of buffers in flight: the connection sends some while the next one is filled.
    private static let width = 4

    private let state = Mutex(State())
    private let began = DispatchSemaphore(value: 0)
    private let room = DispatchSemaphore(value: HTTPUpload.width)
    private let end: EventLoopPromise<Void>
    /// Seconds to wait until the server accepts more bytes.
    private let timeout: Double

    /// - Parameters:
    ///   - loop: the event loop on which the body ends.
    ///   - timeout: in seconds.
    init(on loop: any EventLoop, timeout: Double) {
        end = loop.makePromise(of: Void.self)
        self.timeout = timeout
    }

    /// Called by the client when it is ready for the body.
    ///
    /// - Returns: a future for the end of the body.
    func begin(_ writer: HTTPClient.Body.StreamWriter) -> EventLoopFuture<Void> {
        state.withLock { $0.writer = writer }
        began.signal()
        return end.futureResult
    }

    /// Called when a response or an error arrives: the server reads no more of the body.
    func stop() {
        state.withLock { $0.isStopped = true }
        began.signal()
        room.signal()
    }

    /// Writes the body, or the part that is sent before the exchange ends.
    ///
    /// - Throws: errors of `write`; `HTTPError` if the server accepts no bytes within the timeout.
    func run(_ write: (any ByteSink) throws -> Void) throws {
        do {
            // Connecting has a timeout of its own.
            began.wait()
            try write(self)
            try drain()
            end.succeed(())
        } catch is Stopped {
            end.fail(HTTPClientError.cancelled)
        } catch {
            end.fail(HTTPClientError.cancelled)
            throw error
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(bufferSize)
            rest = rest.dropFirst(part.count)
            try waitForRoom()
            guard let writer = state.withLock({ $0.writer }) else { throw Stopped() }
            writer.write(.byteBuffer(ByteBuffer(bytes: part))).whenComplete { [self] result in
                if case .failure = result { state.withLock { $0.isStopped = true } }
                room.signal()
            }
        }
    }

    private func waitForRoom() throws {
        let hasRoom = room.wait(timeout: .now() + timeout) == .success
        if state.withLock({ $0.isStopped }) { throw Stopped() }
        guard hasRoom else { throw timedOut }
    }

    /// Waits until all buffers are sent. A response that arrives meanwhile stops nothing: the body is complete.
    private func drain() throws {
        for _ in 0..<Self.width {
            guard room.wait(timeout: .now() + timeout) == .success else { throw timedOut }
        }
        // Dispatch traps if a semaphore is destroyed with a lower value than it was created with.
        for _ in 0..<Self.width { room.signal() }
    }

    private var timedOut: HTTPError { HTTPError(.timeout, "the server accepts no more data") }
}
