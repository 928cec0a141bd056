import Foundation
import Glibc
import TestSupport

/// A Docker daemon that only the tests use and share.
struct DockerDaemon {
    private let directory: SharedDirectory

    /// The daemon, started at its first use.
    static var shared: DockerDaemon { get throws { try started.get() } }

    private static let started = Result { try DockerDaemon() }

    private init() throws {
        directory = try SharedDirectory(
            "docker",
            running: [
                "dockerd", "--data-root", "DIRECTORY/data", "--exec-root", "DIRECTORY/exec", "--pidfile",
                "DIRECTORY/pid",
                "--host", "unix://DIRECTORY/socket", "--storage-driver", "overlay2", "--iptables=false",
                "--bridge=none",
            ])
        for _ in 0..<600 {
            if try Program.run(["docker", "--host", host, "info"]).status == 0 { return }
            usleep(100_000)
        }
        let command = ["tail", "\(directory.path)/log"]
        throw Program.Failed(command, try Program.run(["bash", "-c", "\"$@\" >&2; exit 1", "bash"] + command))
    }

    /// The address of the daemon.
    var host: String { "unix://\(directory.path)/socket" }

    /// The socket of the daemon's containerd.
    var containerd: String { "\(directory.path)/exec/containerd/containerd.sock" }

    /// Runs a command of the docker client that must succeed.
    ///
    /// - Returns: its standard output as text.
    @discardableResult
    func output(_ arguments: [String], input: [UInt8] = []) throws -> String {
        let output = try Program.output(["docker", "--host", host] + arguments, input: input)
        return String(decoding: output, as: UTF8.self)
    }

    /// Runs a command of the docker client.
    func run(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run(["docker", "--host", host] + arguments)
    }

    /// Loads an archive.
    ///
    /// - Returns: the output of `docker load`.
    @discardableResult
    func load(_ archive: String) throws -> String {
        try output(["load", "--input", archive])
    }

    /// Runs a container to its end.
    ///
    /// - Returns: the output of the container.
    func runImage(_ name: String, _ command: [String] = [], options: [String] = []) throws -> String {
        try output(["run", "--rm", "--network", "none"] + options + [name] + command)
    }

    /// Runs `docker inspect` on an image.
    ///
    /// - Parameter template: a Go template for the output.
    func inspect(_ name: String, _ template: String) throws -> String {
        String(try output(["image", "inspect", "--format", template, name]).dropLast())
    }
}
