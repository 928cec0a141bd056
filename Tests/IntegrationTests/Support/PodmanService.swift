import Foundation
import TestSupport

/// podman's service with a store of its own, which tests share.
struct PodmanService {
    private let folder: SharedFolder

    /// The service, started at the first use.
    static var shared: PodmanService { get throws { try started.get() } }

    private static let started = Result { try PodmanService() }

    private init() throws {
        let store = ["--root", "FOLDER/root", "--runroot", "FOLDER/run", "--storage-driver", "vfs"]
        folder = try SharedFolder(
            "podman",
            running: ["podman"] + store + ["system", "service", "--time", "0", "unix://FOLDER/socket"])
        for _ in 0..<600 where !FileManager.default.fileExists(atPath: "\(folder.path)/socket") { usleep(100_000) }
    }

    /// Its address.
    var host: String { "unix://\(folder.path)/socket" }

    /// What it knows of an image, by a template of Go's.
    func inspect(_ name: String, _ template: String) throws -> String {
        let output = try Program.output(
            ["podman", "--remote", "--url", host, "image", "inspect", "--format", template, name])
        return String(decoding: output.dropLast(), as: UTF8.self)
    }
}
