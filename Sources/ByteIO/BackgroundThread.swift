import Errors
import Glibc
import SystemPackage

/// Starts threads for blocking work, outside of Swift's cooperative thread pool.
package enum BackgroundThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new detached thread.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the system starts no thread; `body` is then never called.
    package static func start(_ body: @escaping @Sendable () -> Void) throws {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw ToolError(
                .unavailable, "cannot start a thread", cause: Errno(rawValue: status).reason,
                remedy: "raise the limit on processes (ulimit -u), or end other programs")
        }
        pthread_detach(thread)
    }
}
