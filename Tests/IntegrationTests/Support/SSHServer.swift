import Foundation
import Glibc
import TestSupport

/// An OpenSSH server on loopback with keys of its own, which the tests share, and an ssh client that knows it.
struct SSHServer {
    private let directory: SharedDirectory
    /// The port that it listens on.
    let port: Int

    /// The server, started at its first use. Its users' docker is the tests' daemon.
    static var shared: SSHServer { get throws { try started.get() } }

    private static let started = Result { try SSHServer(docker: DockerDaemon.shared.host) }

    /// The server did not start.
    struct NotStarted: Error {
        let log: String
    }

    private init(docker: String) throws {
        var log = ""
        // Another program may take the port that was free.
        for _ in 0..<5 {
            let port = try ScriptedServer { _ in .init(404) }.port
            let directory = try SharedDirectory(
                "ssh", files: ["sshd": Array(Self.server.utf8), "client": Array(Self.client.utf8)],
                running: ["bash", "-e", "-c", Self.script, "bash", "DIRECTORY", "\(port)", docker])
            for _ in 0..<300 {
                log = (try? String(contentsOfFile: "\(directory.path)/log", encoding: .utf8)) ?? ""
                if log.contains("Server listening on 127.0.0.1 port \(port)") {
                    (self.directory, self.port) = (directory, port)
                    return
                }
                if log.contains("Address already in use") { break }
                usleep(100_000)
            }
        }
        throw NotStarted(log: log)
    }

    /// The environment in which ssh connects to the server under the name `build`.
    var environment: [String: String] {
        ["PATH": "\(directory.path)/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")]
    }

    /// The lines that the server logged.
    var log: String { (try? String(contentsOfFile: "\(directory.path)/log", encoding: .utf8)) ?? "" }

    private static let server = """
        ListenAddress 127.0.0.1
        StrictModes no
        UsePAM no
        PidFile none
        LogLevel VERBOSE
        MaxStartups 100

        """

    private static let client = """
        Host build
            HostName 127.0.0.1
        Host *
            BatchMode yes
            IdentitiesOnly yes

        """

    private static let script = """
        cd "$1"; mkdir -p bin /run/sshd; chmod 755 .
        for key in host user stranger; do ssh-keygen -q -t ed25519 -N '' -f $key; done
        echo "HostKey $1/host
        Port $2
        AuthorizedKeysFile $1/user.pub
        SetEnv DOCKER_HOST=$3" >> sshd
        echo "    UserKnownHostsFile $1/known
            IdentityFile $1/user" >> client
        echo "[127.0.0.1]:$2 $(cat host.pub)" > known
        # ssh does not read $HOME, so its settings are given as an option.
        printf '#!/bin/sh\\nexec /usr/bin/ssh -F "%s" "$@"\\n' "$1/client" > bin/ssh
        chmod 755 bin/ssh
        exec /usr/sbin/sshd -D -e -f "$1/sshd"
        """
}
