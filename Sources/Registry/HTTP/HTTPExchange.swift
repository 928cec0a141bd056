import AsyncHTTPClient
import DequeModule
import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request in flight, shared by the client's event loop, which receives, and the thread that waits for the response.
final class HTTPExchange: HTTPClientResponseDelegate {
    private struct State {
        var head: HTTPResponseHead?
        var parts: Deque<ByteBuffer> = []
        /// The size of all `parts`, in bytes.
        var bufferedBytes = 0
        /// Completed when there is room for more parts; until then the client stops reading.
        var promise: EventLoopPromise<Void>?
        var isComplete = false
        var error: HTTPError?
        var cancel: (@Sendable () -> Void)?
        var onResponse: (@Sendable () -> Void)?

        var isOver: Bool { isComplete || error != nil }
    }

    /// The most bytes of a body to buffer for a reader that is slower than the server.
    private static let bufferLimit = 512 * 1024

    private let state = Mutex(State())
    private let events = DispatchSemaphore(value: 0)
    /// Seconds to wait for the head of the response, and for `HTTPSettings.leastBytes` of its body.
    let timeout: Double

    init(timeout: Double) {
        self.timeout = timeout
    }

    /// Stores how to end the request before the response is complete.
    func begin(cancel: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.cancel = cancel
        }
    }

    /// Stores a callback for the head of the response or an error; calls it at once if one of them is there already.
    func begin(onResponse: @escaping @Sendable () -> Void) {
        let isThere = state.withLock { state in
            state.onResponse = onResponse
            return state.head != nil || state.error != nil
        }
        if isThere { onResponse() }
    }

    /// Waits for the head of the response.
    ///
    /// - Throws: `HTTPError` if the exchange failed, or no head arrived within the timeout.
    func response() throws -> HTTPResponse {
        let deadline = DispatchTime.now() + timeout
        while true {
            let (head, error) = state.withLock { ($0.head, $0.error) }
            if let head { return HTTPResponse(head, HTTPBody(self)) }
            if let error { throw error }
            guard events.wait(timeout: deadline) == .success else {
                abandon()
                throw HTTPError(.timeout, "no response within \(Self.text(seconds: timeout))")
            }
        }
    }

    /// Waits for the next part of the body.
    ///
    /// - Returns: nil at the end of the body.
    /// - Throws: `HTTPError` if the connection ends before the body does, or nothing arrives until `deadline`.
    func nextPart(by deadline: DispatchTime) throws -> ByteBuffer? {
        while true {
            let (part, promise, isComplete, error) = state.withLock { state in
                let part = state.parts.popFirst()
                state.bufferedBytes -= part?.readableBytes ?? 0
                let promise = state.bufferedBytes < Self.bufferLimit ? state.promise : nil
                if promise != nil { state.promise = nil }
                return (part, promise, state.isComplete, state.error)
            }
            promise?.succeed(())
            if let part { return part }
            if let error { throw error }
            if isComplete { return nil }
            guard events.wait(timeout: deadline) == .success else { throw tooSlow }
        }
    }

    /// The error for a server that sends too little.
    private var tooSlow: HTTPError {
        HTTPError(.timeout, "fewer than \(HTTPSettings.leastBytes) bytes received in \(Self.text(seconds: timeout))")
    }

    private static func text(seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        let onResponse = state.withLock { state in
            state.head = head
            return state.onResponse
        }
        events.signal()
        onResponse?()
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let promise = state.withLock { state -> EventLoopPromise<Void>? in
            state.parts.append(buffer)
            state.bufferedBytes += buffer.readableBytes
            guard state.bufferedBytes >= Self.bufferLimit else { return nil }
            state.promise = task.eventLoop.makePromise(of: Void.self)
            return state.promise
        }
        events.signal()
        return promise?.futureResult ?? task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        let (onResponse, promise) = state.withLock { state in
            state.error = HTTPError(error)
            state.cancel = nil
            defer { state.promise = nil }
            return (state.onResponse, state.promise)
        }
        promise?.succeed(())
        events.signal()
        onResponse?()
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) {
        state.withLock { state in
            state.isComplete = true
            state.cancel = nil
        }
        events.signal()
    }

    /// Ends the request without waiting for the rest of the response.
    func abandon() {
        let (promise, cancel) = state.withLock { state in
            defer { (state.promise, state.cancel) = (nil, nil) }
            return (state.promise, state.cancel)
        }
        cancel?()
        promise?.succeed(())
    }
}
