import Foundation
import TestSupport
import Testing

@Suite("docker-daemon:NAME as a source")
struct DaemonSourceTests {
    private let fixture: LoadFixture
    private let loaded: LoadedImage
    private var machine: TestMachine { fixture.machine }

    init() throws {
        fixture = try LoadFixture()
        loaded = try fixture.loaded(["spec.json"])
    }

    private func run(_ arguments: String...) throws -> Program.Outcome {
        try machine.run(arguments, environment: ["DOCKER_HOST": fixture.docker.host])
    }

    @Test("The image is read like any other, and has only the requested name")
    func image() throws {
        try fixture.docker.output(["tag", "\(fixture.name):1", "\(fixture.name):latest"])
        try fixture.docker.output(["save", "\(fixture.name):1", "--output", machine.path("saved.tar")])
        let source = "docker-daemon:\(fixture.name):1"
        let inspected = try run("inspect", source, "--json")
        #expect(inspected.status == 0)
        #expect(inspected.output == (try run("inspect", "saved.tar", "--json").output))
        #expect(inspected.text.contains("\"names\":[\"\(fixture.name):1\"]"))
        #expect(inspected.text.contains("\"imageID\":\"\(loaded.imageID)\""))
        #expect(try run("inspect", "docker-daemon:\(fixture.name)", "--json").text.contains("\"tag\":\"latest\""))
        #expect(try run("inspect", "docker-daemon:\(loaded.imageID)", "--json").text.contains("\"names\":[]"))
        #expect(try run("export", source, "-o", "out/a.tar").status == 0)
        #expect(try run("export", "saved.tar", "-o", "out/b.tar").status == 0)
        #expect(try machine.shell("cmp out/a.tar out/b.tar").status == 0)
        #expect(try run("diff", source, "saved.tar").status == 0)
        #expect(try run("load", source).errors.hasSuffix("has the image already\n"))
    }

    @Test("A missing image or an invalid name is an error with that name")
    func missing() throws {
        let none = try run("inspect", "docker-daemon:\(fixture.name):none")
        #expect(none.status == 65)
        #expect(none.failure?.what == "cannot read 'docker-daemon:\(fixture.name):none'")
        for name in ["", "../containers", "a/../b", "a b", "a?all=1", "a%2f"] {
            #expect(try run("inspect", "docker-daemon:\(name)").status == 64, "\(name)")
        }
    }
}
