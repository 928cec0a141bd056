import Archives
import Digests
import Failures

/// Compares layers with their digests on other threads, while they are already read: whoever makes something of them waits
/// for the end before it counts.
public final class LayerVerification {
    private let workers: OrderedWorkers<any Layer, Void>

    init(_ layers: [any Layer]) {
        workers = OrderedWorkers(width: workerCount) { try $0.open().verify() }
        for layer in layers { workers.submit(layer) }
    }

    deinit { workers.finish() }

    /// Waits for the end.
    ///
    /// - Throws: `Failure` with code `data` for the first layer that has another digest than its image says.
    public func finish() throws {
        while try workers.next() != nil {}
    }
}
