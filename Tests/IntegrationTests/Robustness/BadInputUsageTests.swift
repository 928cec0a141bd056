import Foundation
import TestSupport
import Testing

@Suite("Bad input: command line")
struct BadInputUsageTests {
    @Test(
        "Bad usage has status 64 and writes nothing",
        arguments: [
            ["layered"], ["layered", "spec.json", "--nope"], ["layered", "spec.json", "spec.json"], ["nope"],
            ["layered", "spec.json", "--compressor", "xz"], ["layered", "spec.json", "--format", "tar"],
            ["layered", "spec.json", "-o"], ["stream", "spec.json", "-o", "x"], ["plan", "spec.json", "-o", "x"],
            ["layered", "spec.json", "--set"],
        ])
    func refusesBadUsage(_ arguments: [String]) throws {
        let machine = try TestMachine()
        try machine.spec()
        let outcome = try machine.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.failure?.what.hasPrefix("cannot run `dockertools") == true)
        #expect(try machine.leftovers == [])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: machine.directory.path).sorted()
                == ["cache", "out", "root", "spec.json", "tmp"])
    }

    @Test("--set without KEY=VALUE has status 64", arguments: ["name", "=x", ""])
    func refusesMalformedSet(_ option: String) throws {
        let machine = try TestMachine()
        try machine.spec()
        let outcome = try machine.layered(["--set", option])
        #expect(outcome.status == 64)
        #expect(outcome.failure?.cause == "it is not KEY=VALUE")
        #expect(try machine.leftovers == [])
    }

    @Test("--set with an unknown key or a bad value has status 65 and is named as the source")
    func refusesBadSet() throws {
        let machine = try TestMachine()
        try machine.spec()
        for (option, message) in [
            ("nmae=x", #"nmae (from an override): got "x"; unknown key; did you mean name?"#),
            ("config.Usr=x", "config.Usr (from an override): got \"x\"; unknown key; did you mean User?"),
            ("maxLayers=many", #"maxLayers (from an override): got "many"; expected an integer from 2 to 125"#),
        ] {
            let outcome = try machine.layered(["--set", option])
            #expect(outcome.status == 65)
            #expect(outcome.failure?.cause == message)
        }
        #expect(try machine.leftovers == [])
    }

    @Test("An output that is a directory has status 64, one in a missing directory 74")
    func refusesBadOutputs() throws {
        let machine = try TestMachine()
        try machine.spec()
        let directory = try machine.run(["layered", "spec.json", "-o", "out"])
        #expect(directory.status == 64)
        #expect(directory.failure?.what == "cannot write to \(machine.path("out"))")
        #expect(directory.failure?.cause == "it is a directory")
        let nowhere = try machine.run(["layered", "spec.json", "-o", "gone/image.tar"])
        #expect(nowhere.status == 74)
        #expect(nowhere.failure?.what == "cannot write \(machine.path("gone/image.tar"))")
        #expect(nowhere.failure?.cause == "No such file or directory (errno 2)")
        #expect(try machine.leftovers == [])
    }

    @Test("An output that is an input has status 65, and the input is unchanged")
    func refusesInputsAsOutputs() throws {
        let machine = try TestMachine()
        let path = try machine.store("a", "one")
        try machine.graph([(path, [])])
        try machine.write("plain", to: "plain/file")
        try machine.spec(["contents": [path, "plain", "plain/file"], "closure": "graph.json"])
        try FileManager.default.createSymbolicLink(atPath: machine.path("link.tar"), withDestinationPath: "graph.json")
        for output in ["spec.json", "graph.json", "./out/../spec.json", "link.tar", "plain/file"] {
            let before = FileManager.default.contents(atPath: machine.path(output))
            let outcome = try machine.run(["layered", "spec.json", "-o", output])
            #expect(outcome.status == 65)
            #expect(outcome.failure?.cause.hasPrefix("it is also an input of this image: ") == true)
            #expect(FileManager.default.contents(atPath: machine.path(output)) == before)
        }
        #expect(try machine.leftovers == [])
    }

    @Test("An output in a directory of contents would be in the next image: status 65")
    func refusesOutputsInContents() throws {
        let machine = try TestMachine()
        try machine.write("plain", to: "plain/deep/file")
        try machine.spec(["contents": ["plain"]])
        for output in ["plain/image.tar", "plain/deep/image.tar"] {
            let outcome = try machine.run(["layered", "spec.json", "-o", output])
            #expect(outcome.status == 65)
            #expect(outcome.failure?.cause.hasPrefix("it is also an input of this image: ") == true)
        }
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: machine.path("plain")).sorted()
                == ["deep", "deep/file"])
    }

    @Test("A JSON file that is an input or the output has status 65, and nothing is built")
    func refusesInputsAsJSONFiles() throws {
        let machine = try TestMachine()
        try machine.spec()
        let spec = try machine.directory.read("spec.json")
        let input = try machine.layered(["--json-file", "spec.json"])
        #expect(input.status == 65)
        #expect(input.failure?.cause.hasPrefix("it is also an input of this image: ") == true)
        #expect(try machine.directory.read("spec.json") == spec)
        let same = try machine.layered(["--json-file", "out/image.tar"])
        #expect(same.status == 65)
        #expect(same.failure?.cause == "it is also the image's output")
        #expect(try machine.leftovers == [])
    }

    @Test("A terminal as the output of stream has status 64")
    func refusesTerminals() throws {
        let machine = try TestMachine()
        try machine.spec()
        for command in ["stream spec.json", "layered spec.json -o -"] {
            let outcome = try machine.shell(
                "script -qec \"$DOCKERTOOLS \(command) 2>errors\" /dev/null; cat errors >&2")
            #expect(outcome.output.isEmpty)
            #expect(outcome.failure?.what == "cannot write the image to standard output")
            #expect(outcome.failure?.cause == "it is a terminal")
            let status = try machine.shell("script -qec \"$DOCKERTOOLS \(command)\" /dev/null >/dev/null; exit $?")
            #expect(status.status == 64)
        }
    }
}
