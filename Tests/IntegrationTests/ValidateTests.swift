import Foundation
import TestSupport
import Testing

@Suite("validate")
struct ValidateTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }

    init() throws {
        bench = try Workbench()
    }

    private func validate(_ image: String) throws -> (status: Int32, report: ValidationReport) {
        let outcome = try bench.run(["validate", "--json", image])
        return (outcome.status, try outcome.decode(ValidationReport.self))
    }

    /// Changes an archive with a Python script; the dictionary `members` holds its members' bytes.
    private func changed(_ path: String, _ script: String) throws -> String {
        let frame = """
            import hashlib, io, json, sys, tarfile
            source = tarfile.open(sys.argv[1])
            members = {m.name: source.extractfile(m).read() for m in source if m.isfile()}
            def sha(data): return hashlib.sha256(data).hexdigest()
            manifest = json.loads(members.get("manifest.json", b"null"))
            \(script.replacing("\n", with: "\n"))
            with tarfile.open(sys.argv[2], "w") as out:
                for name, body in members.items():
                    info = tarfile.TarInfo(name); info.size = len(body)
                    out.addfile(info, io.BytesIO(body))
            """
        let result = bench.directory.path("changed.tar")
        _ = try Program.python(frame, [path, result])
        return result
    }

    private func image(_ arguments: [String] = ["--compressor", "none"]) throws -> BuiltImage {
        try bench.layered(
            """
            {"name": "sound", "tag": "1", "contents": "\(store["hello"])", "extraCommands": "echo text > file"}
            """, arguments, output: "sound.tar")
    }

    @Test(
        "Images of this program and others are valid",
        arguments: ["docker-archive", "oci-archive", "oci-layout"])
    func sound(format: String) throws {
        for compressor in ["none", "gz", "zstd"] {
            let image = try image(["--format", format, "--compressor", compressor])
            let (status, report) = try validate(image.output)
            #expect(status == 0)
            #expect(report.valid && report.faults.isEmpty)
            #expect(report.images.map(\.imageID) == [image.imageID])
            #expect(report.images[0].layers.map(\.diffID) == image.layers.map(\.diffID))
            #expect(report.images[0].layers.map(\.size) == image.layers.map(\.size))
            try FileManager.default.removeItem(atPath: image.output)
        }
        let docker = try DockerBuild.base
        let (status, report) = try validate(docker.archive)
        #expect(status == 0 && report.valid)
        // `docker image inspect` does not print chain IDs, but they are the names in the daemon's layer store.
        let first = try #require(report.images.first?.layers.first)
        #expect(first.chainID == first.diffID)
        let text = try bench.run(["validate", docker.archive]).text
        #expect(text.hasPrefix("base/of-docker:1  sha256:"))
        #expect(text.hasSuffix("\nvalid\n"))
    }

    @Test("Chain IDs follow the specification")
    func chainIDs() throws {
        let report = try validate(image().output).report
        let diffIDs = report.images[0].layers.map(\.diffID)
        let script = """
            import hashlib, sys
            chain = None
            for diff in sys.argv[1:]:
                chain = diff if chain is None else "sha256:" + hashlib.sha256(f"{chain} {diff}".encode()).hexdigest()
                print(chain)
            """
        let expected = String(decoding: try Program.python(script, diffIDs), as: UTF8.self)
        #expect(report.images[0].layers.map(\.chainID).map { $0 + "\n" }.joined() == expected)
    }

    @Test("All faults are reported, each with the value found and the value wanted")
    func manyFaults() throws {
        let image = try image()
        let layers = image.layers.indices.map { "layers/00\($0 + 1).tar" }
        let path = try changed(
            image.output,
            """
            for name in \(layers.prefix(2)):
                body = bytearray(members[name]); body[700] ^= 1; members[name] = bytes(body)
            config = manifest[0]["Config"]
            members[config] = members[config].replace(b'"os":"linux"', b'"os":"Linux"')
            """)
        let (status, report) = try validate(path)
        #expect(status == 65)
        #expect(!report.valid)
        let digests = report.faults.filter { $0.what == "diffID" }
        #expect(Set(digests.compactMap(\.wanted)) == Set(image.layers.prefix(2).map(\.diffID)))
        #expect(digests.allSatisfy { $0.got != $0.wanted && $0.got?.hasPrefix("sha256:") == true })
        let config = try #require(report.faults.first { $0.where.hasPrefix("the config ") })
        #expect(config.what == "digest" && config.wanted == image.imageID && config.got != image.imageID)
        let outcome = try bench.run(["validate", path])
        #expect(outcome.status == 65)
        #expect(outcome.text.contains("  wanted: \(image.layers[0].diffID)\n"))
        #expect(outcome.errors.contains("is not valid") && outcome.errors.contains("faults found"))
    }

    @Test(
        "What other verbs accept is reported: names, end, trailing bytes, history as notes; damage and parents as faults"
    )
    func smallFaults() throws {
        let image = try image()
        let last = "layers/00\(image.layers.count).tar"
        let legacy = "\(image.layers.last?.diffID.dropFirst(7) ?? "")/json"
        func report(_ script: String) throws -> ValidationReport {
            let fix = """
                def fix():
                    name = manifest[0]["Config"]
                    config = json.loads(members.pop(name))
                    config["rootfs"]["diff_ids"] = ["sha256:" + sha(members[l]) for l in manifest[0]["Layers"]]
                    globals()["change"](config)
                    data = json.dumps(config).encode()
                    manifest[0]["Config"] = sha(data) + ".json"
                    members[sha(data) + ".json"] = data
                    members["manifest.json"] = json.dumps(manifest).encode()
                change = lambda config: None
                last = "\(last)"
                """
            let (status, report) = try validate(changed(image.output, fix + "\n" + script + "\nfix()"))
            #expect(status == (report.valid ? 0 : 65))
            #expect(report.valid == report.faults.isEmpty)
            return report
        }
        func check(_ script: String, _ what: String, isNote: Bool = false) throws {
            let found = try report(script)
            #expect((isNote ? found.notes : found.faults).first?.what.contains(what) == true, "\(found)")
            #expect(found.notes.count + found.faults.count == 1, "\(found)")
        }
        try check("members[last] = members[last][:1024]", "the tar has no end blocks", isNote: true)
        try check(
            "members[last] += b'junk' + bytes(508)", " bytes that are not padding follow the end of the tar",
            isNote: true)
        // A table of contents as eStargz has it: one more tar.
        try check(
            "members[last] += members[last][:1024] + bytes(1024)",
            " bytes that are not padding follow the end of the tar", isNote: true)
        try check(
            "members[last] = members[last][:512] + members[last]", "it has the same name as an earlier entry",
            isNote: true)
        try check(
            "members[last] = members[last][:members[last].index(b'text') + 2]", "the archive ends within its body")
        try check(
            "members[last] = members[last][:148] + b'0000000' + members[last][155:]",
            "the checksum of its header is 0, but its bytes sum up to")
        let history = try report("change = lambda config: config['history'].pop()").notes
        #expect(history.first?.what == "history entries that belong to layers")
        #expect(history.first?.got == "\(image.layers.count - 1)" && history.first?.wanted == "\(image.layers.count)")
        let parents = try report(
            "name = '\(legacy)'; members[name] = json.dumps(dict(json.loads(members[name]), parent='a')).encode()"
        ).faults
        #expect(parents.first?.what == "parent" && parents.first?.got == "a")
        #expect(parents.first?.wanted == image.layers.dropLast().last.map { String($0.diffID.dropFirst(7)) })
    }

    @Test("Wrong digests and sizes of a layout's blobs are reported")
    func blobs() throws {
        let image = try image(["--format", "oci-layout", "--compressor", "gz"])
        let directory = "\(image.output)/blobs/sha256"
        let blobs = try FileManager.default.contentsOfDirectory(atPath: directory)
        let largest = try #require(
            try blobs.max {
                try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\($0)")).count
                    < Data(contentsOf: URL(fileURLWithPath: "\(directory)/\($1)")).count
            })
        let handle = try #require(FileHandle(forWritingAtPath: "\(directory)/\(largest)"))
        try handle.seekToEnd()
        try handle.write(contentsOf: [UInt8](repeating: 0, count: 10))
        try handle.close()
        let (status, report) = try validate(image.output)
        #expect(status == 65)
        let digest = try #require(report.faults.first { $0.what == "digest" })
        #expect(digest.wanted == "sha256:\(largest)")
        let size = try #require(report.faults.first { $0.what == "size" })
        #expect(Int(size.got ?? "") == (Int(size.wanted ?? "") ?? 0) + 10)
    }

    @Test("A file that is not an image is reported with the reason")
    func noImage() throws {
        try bench.write("no tar at all", to: "nothing")
        let (status, report) = try validate(bench.directory.path("nothing"))
        #expect(status == 65)
        #expect(report.images.isEmpty)
        #expect(report.faults.map(\.what) == ["the archive ends within its header"])
    }
}
