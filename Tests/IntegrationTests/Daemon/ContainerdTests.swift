import Foundation
import TestSupport
import Testing

@Suite("containerd")
struct ContainerdTests {
    private let bench: Workbench
    private let containerd: SharedDirectory

    init() throws {
        bench = try Workbench()
        containerd = try Self.started.get()
    }

    static let started = Result {
        let directory = try SharedDirectory(
            "containerd",
            running: [
                "containerd", "--root", "DIRECTORY/root", "--state", "DIRECTORY/state", "--address",
                "DIRECTORY/socket",
            ])
        for _ in 0..<600 {
            if try Program.run(["ctr", "--address", "\(directory.path)/socket", "version"]).status == 0 { break }
            usleep(100_000)
        }
        return directory
    }

    private func ctr(_ arguments: [String]) throws -> String {
        let output = try Program.output(["ctr", "--address", "\(containerd.path)/socket"] + arguments)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(
        "lists an imported image under the whole name, as docker run looks for it",
        arguments: [
            ("greeting", "docker.io/library/greeting:1.0"), ("team/greeting", "docker.io/team/greeting:1.0"),
            ("localhost:5000/greeting", "localhost:5000/greeting:1.0"),
            ("registry.example/a/greeting", "registry.example/a/greeting:1.0"),
        ])
    func importsWholeNames(name: String, wanted: String) throws {
        let spec = """
            {"name": "\(name)", "tag": "1.0", "extraCommands": "echo \(name) > file"}
            """
        for format in ["oci-archive", "oci-layout"] {
            let image = try bench.layered(spec, ["--format", format], output: "image-\(format)")
            var archive = image.output
            if format == "oci-layout" {
                archive = bench.directory.path("layout.tar")
                try Program.output(["tar", "-C", image.output, "-cf", archive, "."])
            }
            _ = try ctr(["images", "import", "--no-unpack", archive])
            #expect(try ctr(["images", "ls", "-q"]).split(separator: "\n").contains(Substring(wanted)))
            _ = try ctr(["images", "rm", "--sync", wanted])
            // The image is found by both names.
            for text in [wanted, "\(name):1.0", "1.0"] where format == "oci-layout" {
                #expect(try bench.run(["inspect", "oci:\(image.output):\(text)"]).status == 0, "\(text)")
            }
        }
    }
}
