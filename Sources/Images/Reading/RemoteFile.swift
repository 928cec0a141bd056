import Archives

/// A file on another machine.
public protocol RemoteFile: Sendable {
    /// Has it brought beside other work: it is going to be asked for.
    func expect()

    /// Brings it, if it is not here; waits until it is.
    func bring() throws -> FileRange
}
