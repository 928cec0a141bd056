import Foundation
import Glibc
import TestSupport

/// A Docker daemon of the tests' own, which all of them share.
struct DockerDaemon {
    private let directory: SharedDirectory

    /// The daemon, started at the first use.
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

    /// Its address.
    var host: String { "unix://\(directory.path)/socket" }

    /// Runs a client's command that must succeed.
    ///
    /// - Returns: its output.
    @discardableResult
    func output(_ arguments: [String], input: [UInt8] = []) throws -> String {
        let output = try Program.output(["docker", "--host", host] + arguments, input: input)
        return String(decoding: output, as: UTF8.self)
    }

    /// Runs a client's command to its end.
    func run(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run(["docker", "--host", host] + arguments)
    }

    /// Loads an archive.
    ///
    /// - Returns: what `docker load` tells.
    @discardableResult
    func load(_ archive: String) throws -> String {
        try output(["load", "--input", archive])
    }

    /// Runs a container to its end.
    ///
    /// - Returns: what it prints.
    func runImage(_ name: String, _ command: [String] = [], options: [String] = []) throws -> String {
        try output(["run", "--rm", "--network", "none"] + options + [name] + command)
    }

    /// What `docker inspect` says of an image, by a template of Go's.
    func inspect(_ name: String, _ template: String) throws -> String {
        String(try output(["image", "inspect", "--format", template, name]).dropLast())
    }
}
