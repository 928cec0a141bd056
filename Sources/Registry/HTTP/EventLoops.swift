import ByteIO
import NIOPosix
import Synchronization

/// The threads of all connections of this process.
enum EventLoops {
    /// The most event loops. Their work is encryption at most: layers are hashed and compressed by other threads.
    private static let countLimit = 4
    /// The descriptors of an event loop: epoll, event and timer (`Selector` in SwiftNIO).
    private static let descriptorsPerLoop = 3
    /// The descriptors for the first connection: its socket, and the files and the socket of the name's resolution.
    private static let descriptorsOfConnection = 4

    private static let group = Mutex<MultiThreadedEventLoopGroup?>(nil)

    /// The event loops. The first call starts their threads, which run until the process ends.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the system gives too few descriptors or threads for them: SwiftNIO
    ///   would end the process.
    static func shared() throws -> MultiThreadedEventLoopGroup {
        try group.withLock { group in
            if let group { return group }
            let count = min(workerCount, countLimit)
            try ProcessLimits.requireDescriptors(count * descriptorsPerLoop + descriptorsOfConnection)
            try ProcessLimits.requireThreads(count)
            let new = MultiThreadedEventLoopGroup(numberOfThreads: count)
            group = new
            return new
        }
    }
}
