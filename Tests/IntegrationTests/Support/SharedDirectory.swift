import Foundation
import Glibc
import Synchronization

/// A directory that several tests use, and a program that runs beside them: both go when the process of the tests ends,
/// however it ends.
///
/// A helper process has the reading end of a pipe whose other end is ours: it sees the end of it when we are gone. It
/// has its own namespaces of mounts and of processes, so that nothing which the program started or mounted is left.
/// It stays in our session: a child in another one is, to code under test in this process, a stray of a script's.
final class SharedDirectory: Sendable {
    let path: String
    private let pipeEnd: Int32

    private static let all = Mutex<[SharedDirectory]>([])

    /// - Parameters:
    ///   - files: what lies in the directory from the start, by name.
    ///   - command: what runs as long as the directory is there; its output goes to the directory's file `log`.
    init(_ name: String, files: [String: [UInt8]] = [:], running command: [String] = []) throws {
        // Short: the daemon makes sockets in it, whose paths may have 104 bytes.
        let number = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let path = "/var/tmp/dockertools-\(name)-\(number)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        self.path = path
        for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
        let pipe = Pipe()
        let helper = Process()
        helper.executableURL = URL(fileURLWithPath: "/bin/bash")
        helper.arguments = ["-c", Self.script, path] + command.map { $0.replacing("DIRECTORY", with: path) }
        helper.standardInput = pipe.fileHandleForReading
        pipeEnd = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_DUPFD_CLOEXEC, 3)
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try helper.run()
        try pipe.fileHandleForWriting.close()
        let isFirst = Self.all.withLock { directories in
            directories.append(self)
            return directories.count == 1
        }
        guard isFirst else { return }
        atexit {
            SharedDirectory.all.withLock { directories in
                for directory in directories { close(directory.pipeEnd) }
                for directory in directories { directory.waitUntilGone() }
            }
        }
    }

    /// `$0` is the directory, the arguments the command.
    private static let script = #"""
        export directory="$0"
        unshare --mount --propagation private --pid --fork --kill-child --mount-proc bash -c '
            if [ $# -gt 0 ]; then "$@" > "$directory/log" 2>&1 < /dev/null & fi
            cat > /dev/null
            if [ $# -gt 0 ]; then
                kill $!
                # A program that inherited a blocked SIGTERM is ended with its namespace, by the end of this shell.
                for i in {1..60}; do kill -0 $! || break; sleep 0.05; done
            fi 2> /dev/null
        ' bash "$@"
        rm -rf "$directory"
        """#

    private func waitUntilGone() {
        for _ in 0..<1000 where access(path, F_OK) == 0 { usleep(20_000) }
    }
}
