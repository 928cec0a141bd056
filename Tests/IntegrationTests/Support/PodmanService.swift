import Foundation
import TestSupport

/// A service of podman with its own storage, which the tests share.
struct PodmanService {
    private let directory: SharedDirectory

    /// The service, started at its first use.
    static var shared: PodmanService { get throws { try started.get() } }

    private static let started = Result { try PodmanService() }

    private init() throws {
        let store = ["--root", "DIRECTORY/root", "--runroot", "DIRECTORY/run", "--storage-driver", "vfs"]
        directory = try SharedDirectory(
            "podman",
            running: ["podman"] + store + ["system", "service", "--time", "0", "unix://DIRECTORY/socket"])
        for _ in 0..<600 where !FileManager.default.fileExists(atPath: "\(directory.path)/socket") { usleep(100_000) }
    }

    /// The address of the service.
    var host: String { "unix://\(directory.path)/socket" }

    /// Inspects an image.
    ///
    /// - Parameter template: a Go template for the output.
    func inspect(_ name: String, _ template: String) throws -> String {
        let output = try Program.output(
            ["podman", "--remote", "--url", host, "image", "inspect", "--format", template, name])
        return String(decoding: output.dropLast(), as: UTF8.self)
    }
}
