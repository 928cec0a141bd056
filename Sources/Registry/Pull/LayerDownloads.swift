import ByteIO
import DequeModule
import Dispatch
import Foundation
public import OCI
import Synchronization

/// Receives the progress of layer downloads, from several threads.
public protocol FetchProgress: Sendable {
    /// Called when more bytes of a layer arrive.
    ///
    /// - Parameter bytes: the number of bytes since the last call.
    func fetched(_ bytes: Int, of layer: Digest)

    /// Called when a layer is in the cache, whether it was downloaded or was there before.
    ///
    /// - Parameter size: the compressed size in bytes.
    func finished(_ layer: Digest, size: UInt64)
}

extension FetchProgress {
    /// Ignores the bytes.
    public func fetched(_ bytes: Int, of layer: Digest) {}
    /// Ignores the layer.
    public func finished(_ layer: Digest, size: UInt64) {}
}

/// Downloads layers in parallel, each once, in the order of the requests.
final class LayerDownloads: Sendable {
    /// Downloads a layer; calls its argument with the number of bytes as they arrive.
    typealias Fetch = @Sendable ((Int) -> Void) throws -> FileRange

    private final class Entry: Sendable {
        let result = Mutex<Result<FileRange, any Error>?>(nil)
        let end = DispatchGroup()
    }

    private struct State {
        var entries: [Digest: Entry] = [:]
        var waiting: Deque<(Digest, Entry, Fetch)> = []
        var workers = 0
    }

    /// The number of parallel downloads. One connection to a registry rarely uses the full bandwidth, and many lead to
    /// status 429. Docker uses 3, skopeo 6.
    private static let width = 4

    private let progress: any FetchProgress
    private let state = Mutex(State())

    init(_ progress: any FetchProgress) {
        self.progress = progress
    }

    /// Starts downloading a layer in the background.
    func start(_ digest: Digest, _ fetch: @escaping Fetch) { _ = entry(digest, fetch) }

    /// Blocks until a layer is downloaded.
    ///
    /// - Throws: errors of `fetch`.
    func layer(_ digest: Digest, _ fetch: @escaping Fetch) throws -> FileRange {
        let entry = entry(digest, fetch)
        entry.end.wait()
        guard let result = entry.result.withLock({ $0 }) else { return try fetch { _ in } }
        return try result.get()
    }

    private func entry(_ digest: Digest, _ fetch: @escaping Fetch) -> Entry {
        let (entry, startsWorker) = state.withLock { state in
            if let known = state.entries[digest] { return (known, false) }
            let entry = Entry()
            entry.end.enter()
            state.entries[digest] = entry
            state.waiting.append((digest, entry, fetch))
            let starts = state.workers < Self.width
            if starts { state.workers += 1 }
            return (entry, starts)
        }
        if startsWorker {
            do {
                try BackgroundThread.start { [self] in downloadAll() }
            } catch {
                workerDidNotStart(error)
            }
        }
        return entry
    }

    /// Fails the waiting layers if no other worker is left to download them.
    private func workerDidNotStart(_ error: any Error) {
        let abandoned = state.withLock { state -> Deque<(Digest, Entry, Fetch)> in
            state.workers -= 1
            guard state.workers == 0 else { return [] }
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for (_, entry, _) in abandoned {
            entry.result.withLock { $0 = .failure(error) }
            entry.end.leave()
        }
    }

    /// Downloads layers until none is waiting.
    private func downloadAll() {
        while true {
            let next = state.withLock { state -> (Digest, Entry, Fetch)? in
                if let next = state.waiting.popFirst() { return next }
                state.workers -= 1
                return nil
            }
            guard let (digest, entry, fetch) = next else { return }
            let result = Result { try fetch { progress.fetched($0, of: digest) } }
            if case .success(let file) = result { progress.finished(digest, size: file.size) }
            entry.result.withLock { $0 = result }
            entry.end.leave()
        }
    }
}
