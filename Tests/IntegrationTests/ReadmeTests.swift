import Foundation
import TestSupport
import Testing

/// An example of the README: a command after `$ `, and its output.
private struct ReadmeExample: Sendable, CustomTestStringConvertible {
    let command: String
    let output: String

    var testDescription: String { command }

    /// The commands of all `console` blocks, in their order.
    static func all() throws -> [ReadmeExample] {
        let text = try String(contentsOfFile: "\(Dockertools.checkout)/README.md", encoding: .utf8)
        var examples: [ReadmeExample] = []
        for block in text.components(separatedBy: "```console\n").dropFirst() {
            let lines = block.components(separatedBy: "```")[0].split(separator: "\n", omittingEmptySubsequences: false)
            var command: String?
            var output = ""
            func end() {
                if let command { examples.append(ReadmeExample(command: command, output: output)) }
                output = ""
            }
            for line in lines.dropLast() {
                if line.hasPrefix("$ ") {
                    end()
                    command = String(line.dropFirst(2))
                } else {
                    output += line + "\n"
                }
            }
            end()
        }
        return examples
    }
}

@Suite("README")
struct ReadmeTests {
    @Test("The examples give the output that is printed below them")
    func examplesAreTrue() throws {
        let examples = try ReadmeExample.all()
        #expect(examples.count >= 10)
        let (directory, fixtures) = try Dockertools.fixtures()
        let environment = fixtures.merging([
            "DOCKER_HOST": try DockerDaemon.shared.host
        ]) { $1 }
        let registry = try RegistryServer.shared.name
        for example in examples {
            let command = example.command.replacing("localhost:5000", with: registry)
            let shell = ["bash", "-c", command + " 2>&1"]
            let outcome = try Program.run(shell, environment: environment, in: directory.path)
            var output = outcome.text.replacing(directory.path, with: "/work").replacing(
                registry, with: "localhost:5000")
            if !output.isEmpty, !output.hasSuffix("\n") { output += "\n" }
            #expect(output == example.output, "\(example.command)")
        }
    }

    @Test("The README names the two commands of the Makefile, and CI runs them")
    func namesTheCommands() throws {
        let readme = try String(contentsOfFile: "\(Dockertools.checkout)/README.md", encoding: .utf8)
        let makefile = try String(contentsOfFile: "\(Dockertools.checkout)/Makefile", encoding: .utf8)
        for target in ["demo", "test", "bench", "install", "help"] {
            #expect(readme.contains("make \(target)"))
            #expect(makefile.contains("\n\(target):"))
        }
        let script = try String(contentsOfFile: "\(Dockertools.checkout)/.ci/run", encoding: .utf8)
        #expect(script.hasSuffix("exec make test\n"))
    }
}
