import ByteIO
import Dispatch
import Foundation
import OCI
import Synchronization

/// Is told how the layers of an image come. It is called by several threads.
public protocol FetchProgress: Sendable {
    /// So many bytes more of a layer came from the registry.
    func fetched(_ bytes: Int, of layer: Digest)

    /// A layer is here: it came, or was in the cache.
    ///
    /// - Parameter size: bytes, as the registry has it.
    func finished(_ layer: Digest, size: UInt64)
}

extension FetchProgress {
    public func fetched(_ bytes: Int, of layer: Digest) {}
    public func finished(_ layer: Digest, size: UInt64) {}
}

/// Fetches layers side by side, each once, in the order that they are asked for.
final class LayerDownloads: Sendable {
    /// Fetches a layer; it calls what it is given with the bytes as they come.
    typealias Fetch = @Sendable ((Int) -> Void) throws -> FileRange

    private final class Entry: Sendable {
        let result = Mutex<Result<FileRange, any Error>?>(nil)
        let end = DispatchGroup()
    }

    private struct State {
        var entries: [Digest: Entry] = [:]
        var waiting: [(Digest, Entry, Fetch)] = []
        var workers = 0
    }

    /// Layers at a time: registries serve one connection slower than a line carries, and answer with 429 to those who open
    /// many. Docker takes 3, skopeo 6.
    private static let width = 4

    private let progress: any FetchProgress
    private let state = Mutex(State())

    init(_ progress: any FetchProgress) {
        self.progress = progress
    }

    /// Has a layer fetched beside other work.
    func begin(_ digest: Digest, _ fetch: @escaping Fetch) { _ = entry(digest, fetch) }

    /// The layer; waits until it is there.
    func outcome(of digest: Digest, _ fetch: @escaping Fetch) throws -> FileRange {
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
        if startsWorker { BackgroundThread.start { [self] in work() } }
        return entry
    }

    /// Fetches until nothing waits.
    private func work() {
        while true {
            let next = state.withLock { state -> (Digest, Entry, Fetch)? in
                if state.waiting.isEmpty {
                    state.workers -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let (digest, entry, fetch) = next else { return }
            let result = Result { try fetch { progress.fetched($0, of: digest) } }
            if case .success(let file) = result { progress.finished(digest, size: file.size) }
            entry.result.withLock { $0 = result }
            entry.end.leave()
        }
    }
}
