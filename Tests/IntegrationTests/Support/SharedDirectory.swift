import Foundation
import Glibc
import Synchronization

/// A directory that several tests use, with a program that runs in the background. Both disappear when the test process
/// ends, even after a crash.
///
/// A helper process holds the reading end of a pipe whose writing end is ours: it reads end-of-file when this process
/// ends. It has its own mount and process namespaces, so that no process and no mount of the program remains.
/// It stays in our session: code under test in this process takes a child in another session for a script's orphan.
final class SharedDirectory: Sendable {
    let path: String
    private let pipeEnd: Int32

    private static let all = Mutex<[SharedDirectory]>([])

    /// - Parameters:
    ///   - files: the initial files in the directory, by name.
    ///   - command: the program, which runs as long as the directory exists; its output goes to the file `log` there.
    init(_ name: String, files: [String: [UInt8]] = [:], running command: [String] = []) throws {
        // Short: the daemon creates sockets in it, and a socket's path has at most 107 bytes.
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

    /// The helper's script: `$0` is the directory, the arguments are the command.
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
