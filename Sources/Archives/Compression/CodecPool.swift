import Synchronization

/// Codecs that are idle. A thread takes one for a block and gives it back, so that there are never more than threads:
/// each has megabytes of tables.
final class CodecPool: Sendable {
    /// A codec, which one thread at a time has.
    private struct Idle: @unchecked Sendable {
        let codec: any BlockCodec
    }

    private let idle = Mutex<[Idle]>([])
    private let make: @Sendable () throws -> any BlockCodec

    init(_ make: @escaping @Sendable () throws -> any BlockCodec) {
        self.make = make
    }

    func withCodec<Result>(_ body: (any BlockCodec) throws -> Result) throws -> Result {
        let codec = try idle.withLock { $0.popLast() }?.codec ?? make()
        let given = Idle(codec: codec)
        defer { idle.withLock { $0.append(given) } }
        return try body(codec)
    }
}
