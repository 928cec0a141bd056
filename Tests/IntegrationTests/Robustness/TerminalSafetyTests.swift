import Foundation
import TestSupport
import Testing

@Suite("Names do not steer the terminal")
struct TerminalSafetyTests {
    private let machine: TestMachine
    /// Sets a terminal's title, then clears it.
    private static let name = "n\u{1B}]0;owned\u{7}\u{9B}2J"

    init() throws { machine = try TestMachine() }

    private func expectSafe(_ outcome: Program.Outcome, _ text: String) {
        #expect(text.contains("owned"))
        let unsafe = text.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" || (0x7F..<0xA0).contains($0.value) }
        #expect(unsafe.isEmpty, "\(outcome)")
    }

    @Test("in errors: a path of the spec, an argument, an option")
    func errors() throws {
        try machine.spec(["contents": [Self.name]])
        try machine.spec(["name": Self.name], to: "name.json")
        for arguments in [
            ["layered", "spec.json", "-o", "out/x.tar"], ["layered", "name.json"], ["inspect", Self.name],
            ["inspect", "docker://\(Self.name)"], ["inspect", "docker-daemon:\(Self.name)"], ["\(Self.name)"],
            ["layered", "spec.json", "--\(Self.name)"], ["layered", "\(Self.name).toml"],
            ["layered", "spec.json", "--set", Self.name],
            ["layered", "spec.json", "-o", "none/\(Self.name)"], ["diff", Self.name, Self.name],
        ] {
            let outcome = try machine.run(arguments)
            #expect(outcome.status != 0)
            expectSafe(outcome, outcome.errors)
        }
    }

    @Test("in warnings, progress and the output of scripts")
    func progress() throws {
        try machine.write("x", to: "root/nix/store/\(String(repeating: "a", count: 32))-n/file")
        let bind = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        try machine.makeDirectory("r")
        try Program.output(["python3", "-c", bind, "r/\(Self.name)"], in: machine.directory.path)
        try machine.spec(["contents": ["r"], "extraCommands": "printf 'owned\\033[31m\\tred\\n'"])
        let outcome = try machine.run(["layered", "spec.json", "-o", "out/x.tar"])
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("owned\u{FFFD}[31m\tred\n"))
        expectSafe(outcome, outcome.errors.replacing("\t", with: ""))
    }

    @Test("in the tables of foreign images")
    func tables() throws {
        let script = """
            import hashlib, io, json, sys, tarfile
            name = sys.argv[1]
            layer = io.BytesIO()
            with tarfile.open(fileobj=layer, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for kind, link in ((tarfile.REGTYPE, ""), (tarfile.SYMTYPE, name)):
                    info = tarfile.TarInfo(name + kind.decode()); info.type = kind; info.linkname = link; tar.addfile(info)
            layer = layer.getvalue()
            config = json.dumps({"architecture": name, "os": name, "created": name,
                "config": {"Labels": {name: name}, "Env": [name], "Cmd": [name], "User": name},
                "history": [{"created_by": name, "comment": name}],
                "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
            manifest = json.dumps([{"Config": "c.json", "RepoTags": [name + ":1"], "Layers": ["l.tar"]}]).encode()
            with tarfile.open(sys.argv[2], "w") as tar:
                for member, body in (("c.json", config), ("l.tar", layer), ("manifest.json", manifest)):
                    info = tarfile.TarInfo(member); info.size = len(body); tar.addfile(info, io.BytesIO(body))
            """
        _ = try Program.python(script, [Self.name, machine.path("a.tar")])
        try machine.spec()
        try #require(machine.layered().status == 0)
        for arguments in [
            ["inspect", "a.tar"], ["inspect", "a.tar#none:1"], ["validate", "a.tar"],
            ["diff", "a.tar", "out/image.tar"],
            ["diff", "out/image.tar", "a.tar"],
        ] {
            let outcome = try machine.run(arguments)
            expectSafe(outcome, outcome.text + outcome.errors)
        }
    }
}
