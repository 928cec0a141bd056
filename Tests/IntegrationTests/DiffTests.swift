import Foundation
import TestSupport
import Testing

@Suite("diff of two images")
struct DiffTests {
    private let bench: Workbench

    init() throws {
        bench = try Workbench()
    }

    /// Builds an image whose files a script creates.
    private func image(_ name: String, _ commands: String, _ more: String = "") throws -> String {
        let text = String(decoding: try JSONEncoder().encode(commands), as: UTF8.self)
        return try bench.build(
            "{\"name\": \"d\", \"tag\": \"1\", \"extraCommands\": \(text)\(more)}", output: "\(name).tar"
        ).output
    }

    @Test("Images with equal files and configs are equal, whatever their layers")
    func equal() throws {
        let one = try image("one", "mkdir d; echo x > d/x; echo y > y")
        try bench.write(#"{"name": "below", "extraCommands": "mkdir d; echo x > d/x; echo z > z"}"#, to: "below.json")
        let two = try image("two", "echo y > y", ", \"fromImage\": \"one.tar\"")
        let same = try bench.run(["diff", one, one])
        #expect(same.status == 0)
        #expect(same.text == "The images are equal.\n")
        let layered = try bench.run(["diff", one, two])
        #expect(layered.status == 1)
        // Only the history differs: it has two layers.
        #expect(layered.text.hasPrefix("~ config history: "))
        #expect(layered.text.hasSuffix("1 keys of the config, 0 added, 0 removed, 0 changed paths\n"))
        #expect(try bench.run(["diff", "--json", one, one]).text == #"{"config":[],"equal":true,"files":[]}"# + "\n")
    }

    @Test("diff lists each difference, of every kind")
    func kinds() throws {
        let one = try image(
            "one",
            """
            mkdir d gone; echo in > gone/in; echo same > d/same; echo abc > content; echo short > size; echo > mode; ln -s a link
            echo > type; echo h > h1; ln h1 h2
            """, ", \"config\": {\"User\": \"a\", \"Env\": [\"A=1\"]}")
        let two = try image(
            "two",
            """
            mkdir d new; echo in > new/in; echo same > d/same; echo abd > content; echo longer > size; echo > mode; chmod 4755 mode
            ln -s b link; mkdir type; echo h > h1; echo h > h2
            """, ", \"config\": {\"User\": \"b\", \"Env\": [\"A=1\"]}")
        let outcome = try bench.run(["diff", one, two])
        #expect(outcome.status == 1)
        #expect(outcome.errors == "")
        #expect(
            outcome.text == """
                ~ config config.User: "a" -> "b"
                ~ content  content
                - gone  directory, mode 755, owner 0:0
                - gone/in  file, mode 644, owner 0:0, 3 B
                ~ h2  hard links
                ~ link  link target 'a' -> 'b'
                ~ mode  mode 644 -> 4755
                + new  directory, mode 755, owner 0:0
                + new/in  file, mode 644, owner 0:0, 3 B
                ~ size  size 6 B -> 7 B
                ~ type  type file -> directory
                1 keys of the config, 2 added, 2 removed, 6 changed paths

                """)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(bench.run(["diff", "--json", one, two]).output))
                as? [String: Any])
        #expect(json["equal"] as? Bool == false)
        let files = try #require(json["files"] as? [[String: Any]])
        let mode = try #require(files.first { $0["path"] as? String == "mode" })
        #expect(mode["what"] as? [String] == ["mode"])
        #expect((mode["a"] as? [String: Any])?["mode"] as? String == "644")
        #expect((mode["b"] as? [String: Any])?["mode"] as? String == "4755")
        #expect(files.filter { $0["change"] as? String == "added" }.count == 2)
    }

    @Test("Owners and times are compared, and specs are compared as images")
    func ownersAndSpecs() throws {
        let one = try image("one", "echo > f")
        try bench.write(
            #"{"name": "d", "tag": "1", "extraCommands": "echo > f", "uid": 7, "mtime": "2000-01-01T00:00:00Z"}"#,
            to: "two.json")
        let outcome = try bench.run(["diff", one, bench.directory.path("two.json")])
        #expect(outcome.status == 1)
        // The spec is built as layered, which its keys imply: the history differs too.
        #expect(outcome.text.contains("~ f  owner 0:0 -> 7:0, mtime 1 -> 946684800\n"))
    }

    @Test("A missing image is an error, not a difference")
    func missing() throws {
        let one = try image("one", "echo > f")
        let outcome = try bench.run(["diff", one, bench.directory.path("nowhere.tar")])
        #expect(outcome.status == 65)
        #expect(outcome.text == "")
        #expect(outcome.errors.contains("there is no such file or directory"))
    }
}
