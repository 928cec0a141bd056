import AsyncHTTPClient
import DequeModule
import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request under way: what the client's event loop brings, and the thread that waits for it.
final class HTTPExchange: HTTPClientResponseDelegate {
    private struct State {
        var head: HTTPResponseHead?
        var parts: Deque<ByteBuffer> = []
        /// Bytes in `parts`.
        var held = 0
        /// To be kept when there is room for more.
        var promise: EventLoopPromise<Void>?
        var isComplete = false
        var error: HTTPError?
        var cancel: (@Sendable () -> Void)?
        var onAnswer: (@Sendable () -> Void)?

        var isOver: Bool { isComplete || error != nil }
    }

    /// Bytes of a body that are held for a reader that is slower than the server.
    private static let most = 512 * 1024

    private let state = Mutex(State())
    private let events = DispatchSemaphore(value: 0)
    let patience: Double

    init(patience: Double) {
        self.patience = patience
    }

    /// - Parameter cancel: ends the request, where nobody wants the rest of it.
    func begin(cancel: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.cancel = cancel
        }
    }

    /// - Parameter onAnswer: called at the answer's head, and at an error; at once if they are there.
    func begin(onAnswer: @escaping @Sendable () -> Void) {
        let isThere = state.withLock { state in
            state.onAnswer = onAnswer
            return state.head != nil || state.error != nil
        }
        if isThere { onAnswer() }
    }

    /// Waits for the head of the answer.
    func response() throws -> HTTPResponse {
        let deadline = DispatchTime.now() + patience
        while true {
            let (head, error) = state.withLock { ($0.head, $0.error) }
            if let head { return HTTPResponse(head, HTTPBody(self)) }
            if let error { throw error }
            guard events.wait(timeout: deadline) == .success else {
                abandon()
                throw HTTPError(.timeout, "no answer came in \(Self.words(patience))")
            }
        }
    }

    /// The next part of the body, nil at its end; waits for it.
    ///
    /// - Throws: `HTTPError` if the connection ends before the body does, or nothing comes until `deadline`.
    func nextPart(by deadline: DispatchTime) throws -> ByteBuffer? {
        while true {
            let (part, promise, isComplete, error) = state.withLock { state in
                let part = state.parts.popFirst()
                state.held -= part?.readableBytes ?? 0
                let promise = state.held < Self.most ? state.promise : nil
                if promise != nil { state.promise = nil }
                return (part, promise, state.isComplete, state.error)
            }
            promise?.succeed(())
            if let part { return part }
            if let error { throw error }
            if isComplete { return nil }
            guard events.wait(timeout: deadline) == .success else { throw silence }
        }
    }

    /// The error for a server that brings too little.
    var silence: HTTPError {
        HTTPError(.timeout, "fewer than \(HTTPSettings.leastBytes) bytes came in \(Self.words(patience))")
    }

    private static func words(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        let onAnswer = state.withLock { state in
            state.head = head
            return state.onAnswer
        }
        events.signal()
        onAnswer?()
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let promise = state.withLock { state -> EventLoopPromise<Void>? in
            state.parts.append(buffer)
            state.held += buffer.readableBytes
            guard state.held >= Self.most else { return nil }
            state.promise = task.eventLoop.makePromise(of: Void.self)
            return state.promise
        }
        events.signal()
        return promise?.futureResult ?? task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        let (onAnswer, promise) = state.withLock { state in
            state.error = HTTPError(error)
            state.cancel = nil
            defer { state.promise = nil }
            return (state.onAnswer, state.promise)
        }
        promise?.succeed(())
        events.signal()
        onAnswer?()
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) {
        state.withLock { state in
            state.isComplete = true
            state.cancel = nil
        }
        events.signal()
    }

    /// Lets the client go, whatever is still to come.
    func abandon() {
        let (promise, cancel) = state.withLock { state in
            defer { (state.promise, state.cancel) = (nil, nil) }
            return (state.promise, state.cancel)
        }
        cancel?()
        promise?.succeed(())
    }
}
