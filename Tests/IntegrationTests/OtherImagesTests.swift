import Foundation
import TestSupport
import Testing

@Suite("Images of other programs")
struct OtherImagesTests {
    private let bench: Workbench
    private var directory: TemporaryDirectory { bench.directory }

    init() throws {
        bench = try Workbench()
    }

    /// The paths in the root file system of an image, which must be exported.
    private func exported(_ image: String) throws -> [String] {
        let result = directory.path("rootfs.tar")
        let outcome = try bench.run(["export", image, "-o", result])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return String(decoding: try Program.output(["tar", "-tf", result]), as: UTF8.self).split(separator: "\n")
            .map(String.init)
    }

    @Test("umoci insert: a layer without padding and end blocks, which validate notes")
    func umociInsert() throws {
        try bench.write("hello\n", to: "d/f")
        let layout = directory.path("layout")
        try Program.output(["umoci", "init", "--layout", layout])
        try Program.output(["umoci", "new", "--image", "\(layout):a"])
        try Program.output(["umoci", "insert", "--image", "\(layout):a", directory.path("d"), "/d"])
        #expect(try exported("oci:\(layout):a") == ["./", "./d/", "./d/f"])
        let outcome = try bench.run(["validate", "--json", "oci:\(layout):a"])
        let report = try outcome.decode(ValidationReport.self)
        #expect(outcome.status == 0 && report.valid)
        #expect(report.notes.map(\.what) == ["the tar has no end blocks"])
    }

    @Test("skopeo's dir:, and podman's docker-dir, which has Docker's media types", arguments: ["oci", "v2s2"])
    func blobDirectories(format: String) throws {
        let image = try bench.layered(
            #"{"name": "a", "tag": "1", "extraCommands": "echo x > file"}"#, ["--compressor", "none"])
        let path = directory.path("dir")
        try Program.output([
            "skopeo", "copy", "--insecure-policy", "--format", format, "docker-archive:\(image.output)", "dir:\(path)",
        ])
        for source in ["dir:\(path)", path] {
            #expect(try exported(source) == ["./", "./file"])
            #expect(try bench.run(["validate", source]).status == 0)
        }
        let base = try bench.layered(#"{"name": "b", "tag": "1", "fromImage": "\#(path)"}"#, output: "b.tar")
        #expect(base.layers.count == 2)
    }

    @Test("A limit on decompressed layers can be raised by the flag that the error names")
    func limits() throws {
        let image = try bench.layered(
            #"{"name": "a", "tag": "1", "extraCommands": "head -c 3000000 /dev/zero > file"}"#,
            ["--format", "oci-archive"])
        let narrow = try bench.run(["export", image.output, "-o", "-", "--max-layer-size", "1M"])
        #expect(narrow.status == 65)
        #expect(narrow.errors.contains("it decompresses to more than the limit of 1048576 bytes"))
        #expect(narrow.errors.contains("fix: set --max-layer-size to a larger size if you trust its origin"))
        for verb in [["validate"], ["export", "-o", "-"], ["merge", "-o", directory.path("m.tar")]] {
            let arguments = verb + [image.output, "--max-layer-size"]
            #expect(try bench.run(arguments + ["100K"]).status == 65)
            #expect(try bench.run(arguments + ["4M", "--max-ratio", "5000"]).status == 0)
        }
        for value in ["0", "1X", "-1", "M", "99999999999T"] {
            #expect(try bench.run(["validate", image.output, "--max-layer-size", value]).status == 64, "\(value)")
        }
        #expect(try bench.run(["validate", image.output, "--max-ratio", "0"]).status == 64)
    }

    @Test("A signature is no image for validate, merge and inspect")
    func signatures() throws {
        let image = try bench.layered(#"{"name": "a", "tag": "1"}"#, ["--format", "oci-layout"], output: "layout")
        let script = """
            import hashlib, json, sys
            root = sys.argv[1]
            def blob(kind, data):
                digest = hashlib.sha256(data).hexdigest()
                open(f"{root}/blobs/sha256/{digest}", "wb").write(data)
                return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}
            oci = "application/vnd.oci.image."
            layer = blob("application/vnd.dev.cosign.simplesigning.v1+json", b"{}")
            config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}).encode()
            manifest = {"schemaVersion": 2, "config": blob(oci + "config.v1+json", config), "layers": [layer]}
            entry = blob(oci + "manifest.v1+json", json.dumps(manifest).encode())
            index = json.load(open(root + "/index.json"))
            index["manifests"].insert(0, dict(entry, annotations={"org.opencontainers.image.ref.name": "sig"}))
            json.dump(index, open(root + "/index.json", "w"))
            """
        _ = try Program.python(script, [image.output])
        let validation = try bench.run(["validate", "--json", image.output])
        let report = try validation.decode(ValidationReport.self)
        #expect(validation.status == 0)
        #expect(report.images.map(\.imageID) == [image.imageID])
        let merged = try bench.run(["merge", "--json", image.output, "-o", directory.path("merged.tar")])
        #expect(try merged.decode(MergedArchive.self).images.map(\.imageID) == [image.imageID])
        let inspected = try bench.run(["inspect", image.output])
        #expect(inspected.text.contains("application/vnd.dev.cosign.simplesigning.v1+json"))
        let signature = try bench.run(["inspect", "oci:\(image.output):sig"])
        #expect(signature.status == 65)
    }
}

@Suite("Names of whiteouts in contents")
struct WhiteoutNamesTests {
    private let bench: Workbench

    init() throws {
        bench = try Workbench()
        try bench.write("x", to: "base/data/x")
        try bench.write("test", to: "top/data/.wh.x")
    }

    @Test("are refused in the image's own layer", arguments: ["build", "layered"])
    func refused(verb: String) throws {
        try bench.write(
            #"{"name": "a", "tag": "1", "contents": ["base", "top"]}"#, to: "spec.json")
        let outcome = try bench.run([verb, bench.directory.path("spec.json"), "-o", bench.directory.path("a.tar")])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("cannot put '/data/.wh.x' into an image"))
        #expect(!FileManager.default.fileExists(atPath: bench.directory.path("a.tar")))
        // A file that is named itself.
        try bench.write("y", to: ".wh..wh..opq")
        try bench.write(#"{"name": "a", "tag": "1", "contents": [".wh..wh..opq"]}"#, to: "spec.json")
        #expect(
            try bench.run([verb, bench.directory.path("spec.json"), "-o", bench.directory.path("a.tar")]).status == 65)
    }

    @Test("are reported in a store layer, whose digest stays, and refused with the store paths of build")
    func store() throws {
        let root = bench.directory.path("root")
        let store = "\(root)/nix/store/\(String(repeating: "a", count: 32))-odd"
        try bench.write("1", to: "root/nix/store/\(String(repeating: "a", count: 32))-odd/.wh.f")
        try bench.write("1", to: "root/nix/store/\(String(repeating: "a", count: 32))-odd/d/.wh.g")
        let path = "/nix/store/\(String(repeating: "a", count: 32))-odd"
        #expect(FileManager.default.fileExists(atPath: store))
        try bench.write(
            #"{"name": "a", "tag": "1", "storeRoot": "\#(root)", "config": {"Cmd": ["\#(path)/d"]}}"#, to: "spec.json")
        func run(_ verb: String) throws -> Program.Outcome {
            try bench.run([verb, bench.directory.path("spec.json"), "-o", bench.directory.path("a.tar")])
        }
        let layered = try run("layered")
        #expect(layered.status == 0, "\(layered.errors)")
        #expect(
            layered.errors.components(separatedBy: "the image cannot have \(path)/.wh.f (and 1 more)").count == 2,
            "\(layered.errors)")
        let build = try run("build")
        #expect(build.status == 65)
        #expect(build.errors.contains("cannot put '\(path)/.wh.f' into an image"), "\(build.errors)")
    }

    @Test("that a script makes on purpose are whiteouts")
    func scripts() throws {
        try bench.write(#"{"name": "b", "tag": "1", "contents": ["base"]}"#, to: "base.json")
        let image = try bench.layered(
            #"{"name": "a", "tag": "1", "fromImage": "base.json", "extraCommands": "mkdir data; touch data/.wh.x"}"#)
        let rootfs = bench.directory.path("rootfs.tar")
        #expect(try bench.run(["export", image.output, "-o", rootfs]).status == 0)
        let names = String(decoding: try Program.output(["tar", "-tf", rootfs]), as: UTF8.self)
        #expect(!names.contains("data/x") && names.contains("./data/"))
    }
}
