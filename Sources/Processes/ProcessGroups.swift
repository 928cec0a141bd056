import Glibc

/// Who is to know of programs while they run, so that they end with this one.
public struct ProcessGroups: Sendable {
    public let started: @Sendable (pid_t) -> Void
    public let ended: @Sendable (pid_t) -> Void

    /// - Parameters:
    ///   - started: called with the number of a program's process group when it runs.
    ///   - ended: called with it when it has ended.
    public init(started: @escaping @Sendable (pid_t) -> Void, ended: @escaping @Sendable (pid_t) -> Void) {
        self.started = started
        self.ended = ended
    }
}
