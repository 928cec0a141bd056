import Foundation
import TestSupport
import Testing

@Suite("Customization layer")
struct CustomizationLayerTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }

    init() throws { bench = try Workbench() }

    private static func directory(_ name: String) -> String { "d 0755 0:0 root:root 1 0 \(name)" }
    private static func link(_ name: String, _ target: String) -> String {
        "l 0777 0:0 root:root 1 0 \(name) -> \(target)"
    }

    @Test("A store path that is a file, or a link to one, is in the root under its name")
    func files() throws {
        let image = try bench.layered(
            "{\"name\": \"files\", \"contents\": [\"\(store["tool"])\", \"\(store["pointer"])\"]}")
        #expect(
            try image.members(ofLayer: -1) == [
                Self.link("pointer", store["pointer"]), Self.link("tool.sh", store["tool"]),
            ])
    }

    @Test("A path below a store path adds the files below it")
    func below() throws {
        let hello = store["hello"]
        let image = try bench.layered(
            "{\"name\": \"below\", \"contents\": [\"\(hello)/share\", \"\(hello)/bin/hello\"]}")
        #expect(
            try image.members(ofLayer: -1) == [
                Self.directory("hello"), Self.link("hello/README", "\(hello)/share/hello/README"),
                Self.link("hello/data", store["baseData"]),
            ])
    }

    @Test("Of two files with one path the first wins, directories are merged, and a warning says so")
    func clashes() throws {
        let (hello, greeter) = (store["hello"], store["greeter"])
        let spec = try bench.write(
            "{\"name\": \"clash\", \"contents\": [\"\(greeter)\", \"\(hello)\"]}", to: "spec.json")
        let outcome = try bench.run(["layered", spec, "-o", "image.tar.gz"])
        #expect(outcome.status == 0)
        #expect(
            outcome.errors.split(separator: "\n").filter { $0.hasPrefix("warning: ") }
                == ["warning: contents have /share/hello/README more than once: the first one is used"])
        let image = try bench.layered("{\"name\": \"clash\", \"contents\": [\"\(greeter)\", \"\(hello)\"]}")
        #expect(
            try image.members(ofLayer: -1) == [
                Self.directory("bin"), Self.link("bin/greet", "\(greeter)/bin/greet"),
                Self.link("bin/hello", "\(hello)/bin/hello"), Self.link("bin/hi", "hello"),
                Self.directory("share"), Self.directory("share/hello"),
                Self.link("share/hello/MORE", "\(greeter)/share/hello/MORE"),
                Self.link("share/hello/README", "\(greeter)/share/hello/README"),
                Self.link("share/hello/data", store["baseData"]),
            ])
        let quiet = try bench.run(["layered", spec, "-o", "image.tar.gz", "--quiet"])
        #expect(quiet.errors.isEmpty)
    }

    @Test("Directories and files are copied with their modes and the spec's owner")
    func plain() throws {
        try bench.write("12345", to: "plain/etc/five")
        try bench.write("#!", to: "plain/bin/run")
        try bench.write("one", to: "one.txt")
        try Program.output(
            [
                "bash", "-c",
                """
                chown 5:6 plain/bin/run; chmod 755 plain plain/etc; chmod 4750 plain/bin/run; chmod 1777 plain/bin; chmod 600 plain/etc/five
                ln plain/etc/five plain/etc/again; ln -s ../bin/run plain/etc/run
                chmod 644 one.txt; ln -s one.txt link.txt
                """,
            ], in: bench.directory.path)
        let image = try bench.layered(
            """
            {"name": "plain", "contents": ["plain", "./one.txt"], "uid": 12, "gid": 34, "uname": "me", "gname": "us",
             "mtime": "1970-01-01T00:01:00Z"}
            """)
        #expect(
            try image.members(ofLayer: -1) == [
                "d 1777 12:34 me:us 60 0 bin", "- 4750 12:34 me:us 60 2 bin/run", "d 0755 12:34 me:us 60 0 etc",
                "- 0600 12:34 me:us 60 5 etc/again", "- 0600 12:34 me:us 60 5 etc/five",
                "l 0777 12:34 me:us 60 0 etc/run -> ../bin/run", "- 0644 12:34 me:us 60 3 one.txt",
            ])
    }

    @Test("The spec's owner is given to files of the store")
    func owner() throws {
        let image = try bench.layered(
            """
            {"name": "owned", "contents": "\(store["greeter"])", "uid": 12, "gid": 34, "uname": "me", "gname": "us",
             "mtime": "1970-01-01T00:01:00Z"}
            """)
        for number in image.layers.indices {
            for member in try image.members(ofLayer: number) {
                #expect(member.split(separator: " ").dropFirst(2).prefix(3).joined(separator: " ") == "12:34 me:us 60")
            }
        }
    }

    @Test("Missing contents, and an output that is one of contents, are refused")
    func refusals() throws {
        let spec = try bench.write("{\"name\": \"missing\", \"contents\": \"nowhere\"}", to: "spec.json")
        let missing = try bench.run(["layered", spec])
        #expect(missing.status == 65)
        #expect(missing.errors.contains("cannot read 'nowhere', which contents names"))
        #expect(missing.output.isEmpty)
        let own = try bench.run(["layered", spec, "-o", spec])
        #expect(own.status == 65)
        #expect(own.errors.contains("it is also an input of this image"))
        #expect(try String(decoding: bench.directory.read("spec.json"), as: UTF8.self).hasSuffix("\"nowhere\"}"))
    }
}
