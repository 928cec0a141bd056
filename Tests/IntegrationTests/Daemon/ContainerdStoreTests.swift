import Foundation
import TestSupport
import Testing

/// Tests of `load` with Docker's image store with containerd, as a scripted API.
@Suite("load, with containerd's image store")
struct ContainerdStoreTests {
    private let fixture: LoadFixture
    private let docker: ScriptedDocker

    init() throws {
        fixture = try LoadFixture()
        docker = try ScriptedDocker()
    }

    private func loaded(_ arguments: String...) throws -> LoadedImage {
        try fixture.loaded(["spec.json"] + arguments, host: docker.host)
    }

    private func members(_ archive: Int) throws -> [String] {
        let output = try Program.output(["tar", "-tf", docker.archives[archive]])
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func isIn(_ archive: Int, _ layers: [BuiltImage.Layer]) throws -> [Bool] {
        let members = try members(archive)
        return layers.map { members.contains("blobs/sha256/\($0.diffID.dropFirst(7))") }
    }

    @Test("Only the layers that it lacks are sent, and containerd has the whole image then")
    func completes() throws {
        let first = try loaded()
        #expect(first.sent.layers == 3)
        #expect(try isIn(0, first.layers) == [true, true, true])
        try fixture.machine.write("second\n", to: "files/word")
        let second = try loaded("--set", "tag=2")
        #expect(second.sent.layers == 1)
        #expect(second.spared == .init(layers: 2, bytes: second.layers.prefix(2).reduce(0) { $0 + $1.size }))
        #expect(try isIn(1, second.layers) == [false, false, true])
        let outcome = try fixture.load(["spec.json", "--set", "tag=3", "--set", "config.User=7"], host: docker.host)
        #expect(outcome.errors.contains("sent 0 of 3 layers"))
        #expect(outcome.errors.contains("it had the others"))

        let containerd = try ContainerdTests.started.get()
        func ctr(_ arguments: String...) throws -> String {
            let command = ["ctr", "--address", "\(containerd.path)/socket", "--namespace", fixture.name] + arguments
            return String(decoding: try Program.output(command), as: UTF8.self)
        }
        for archive in docker.archives { _ = try ctr("images", "import", "--no-unpack", archive) }
        for tag in 1...3 {
            let name = "docker.io/library/\(fixture.name):\(tag)"
            let check = try ctr("images", "check", "name==\(name)")
            #expect(check.contains("complete (4/4)"), "\(check)")
        }
        let blobs = try ctr("content", "ls", "-q")
        for digest in second.layers.map(\.diffID) + [try #require(second.daemonImageID)] {
            #expect(blobs.contains(digest))
        }
    }

    @Test("An image that it has is not sent; its ID is that of the manifest, known beforehand")
    func present() throws {
        let first = try loaded()
        let id = try #require(first.daemonImageID)
        #expect(id != first.imageID)
        #expect(try members(0).contains("blobs/sha256/\(id.dropFirst(7))"))
        let again = try loaded()
        #expect(again.sent == .init(layers: 0, bytes: 0))
        #expect(again.daemonImageID == id)
        #expect(docker.archives.count == 1)
        #expect(docker.server.requests.last { $0.method == "GET" }?.target == "/images/\(id)/json?manifests=true")
        #expect(docker.server.requests.last?.path == "/images/\(id)/tag")
    }

    @Test("All is sent if the daemon lost a layer, whether it is found out before or after")
    func losesLayers() throws {
        let first = try loaded()
        docker.loseNextTime(first.layers[0].diffID)
        try fixture.machine.write("second\n", to: "files/word")
        let outcome = try fixture.load(["spec.json", "--set", "tag=2"], host: docker.host)
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("warning: the daemon has removed layers in the meantime"))
        #expect(outcome.errors.contains("sent 3 of 3 layers"))
        #expect(try isIn(1, first.layers) == [false, false, false])
        #expect(try isIn(2, Array(first.layers.prefix(2))) == [true, true])
        // Found out before: neither image is complete.
        docker.loseNextTime(first.layers[1].diffID)
        let third = try fixture.load(["spec.json", "--set", "tag=3"], host: docker.host)
        #expect(third.status == 0)
        try fixture.machine.write("fourth\n", to: "files/word")
        let fourth = try loaded("--set", "tag=4")
        #expect(try isIn(docker.archives.count - 1, fourth.layers) == [true, true, true])
    }

    @Test("A daemon that does not tell which blobs it has gets all of them")
    func olderAPI() throws {
        let older = try ScriptedDocker(version: "1.47")
        for tag in 1...2 {
            let image = try fixture.loaded(["spec.json", "--set", "tag=\(tag)"], host: older.host)
            #expect(image.sent.layers == 3)
        }
        #expect(Set(older.server.lines) == ["GET /_ping", "GET /info", "POST /images/load"])
    }
}
