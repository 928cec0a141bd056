import Failures
import Glibc

/// A pipe between two processes; programs that are started do not get it.
final class Pipe {
    let readEnd: Int32
    let writeEnd: Int32
    private var isWriteEndOpen = true

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure.io("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeWriteEnd()
        close(readEnd)
    }

    func closeWriteEnd() {
        if isWriteEndOpen { close(writeEnd) }
        isWriteEndOpen = false
    }

    /// All that comes until nobody has the other end any more.
    func readAll() throws -> [UInt8] { try SystemFile.rest(of: readEnd, name: "a pipe") }
}
