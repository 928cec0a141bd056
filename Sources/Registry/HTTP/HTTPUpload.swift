import AsyncHTTPClient
import ByteIO
import Dispatch
import NIOCore
import NIOPosix
import Synchronization

/// The body of a request, written by the thread that sends it.
final class HTTPUpload: ByteSink, Sendable {
    /// The server has answered, or is gone, before all was sent: what the answer is, the exchange knows.
    private struct Stopped: Error {}

    private struct State {
        var writer: HTTPClient.Body.StreamWriter?
        var isStopped = false
    }

    /// Buffers that are under way, so that the connection need not wait for the next while one is made.
    private static let width = 4

    private let state = Mutex(State())
    private let began = DispatchSemaphore(value: 0)
    private let room = DispatchSemaphore(value: HTTPUpload.width)
    private let end = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
    private let patience: Double

    init(patience: Double) {
        self.patience = patience
    }

    /// Called by the client when it is ready for the body: the body's end.
    func begin(_ writer: HTTPClient.Body.StreamWriter) -> EventLoopFuture<Void> {
        state.withLock { $0.writer = writer }
        began.signal()
        return end.futureResult
    }

    /// Called when there is an answer or an error: nobody reads more of the body.
    func stop() {
        state.withLock { $0.isStopped = true }
        began.signal()
        room.signal()
    }

    /// Writes the body, unless the exchange ends before.
    ///
    /// - Throws: what `write` throws, or `HTTPError` for a server that takes nothing.
    func run(_ write: (any ByteSink) throws -> Void) throws {
        do {
            // Connecting has a limit of its own.
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
        let isThere = room.wait(timeout: .now() + patience) == .success
        if state.withLock({ $0.isStopped }) { throw Stopped() }
        guard isThere else { throw silence }
    }

    /// Waits until all buffers are sent. An answer may be there already: all was written, and so nothing is stopped by it.
    private func drain() throws {
        for _ in 0..<Self.width {
            guard room.wait(timeout: .now() + patience) == .success else { throw silence }
        }
        // A semaphore may not end lower than it began.
        for _ in 0..<Self.width { room.signal() }
    }

    private var silence: HTTPError { HTTPError(.timeout, "the server takes no more of what is sent") }
}
