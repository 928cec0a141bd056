import Foundation
import TestSupport
import Testing

@Suite("Hash of a pulled image")
struct PinnedHashTests {
    private let bench: PullFixture
    private var name: String { bench.name }

    init() throws {
        bench = try PullFixture()
        try bench.push("pinned:1", layers: ["one", "two"])
        try bench.archive("pinned:1", as: "pinned:latest", to: "theirs.tar")
    }

    private func pull(_ more: [String]) throws -> Program.Outcome {
        try bench.run(
            ["pull", "\(name)/pinned:1", "--final-image-name", "pinned", "--final-image-tag", "latest"] + more)
    }

    @Test("The hash is accepted in every form of Nix", arguments: ["base32", "hex", "sri"])
    func forms(form: String) throws {
        let outcome = try pull(["--sha256", bench.nixHash("theirs.tar", form)])
        #expect(outcome.status == 0)
        #expect(outcome.text == "pinned.tar\n")
        #expect(!outcome.errors.contains("warning"))
        #expect(try bench.areSame("pinned.tar", "theirs.tar"))
    }

    @Test(
        "A wrong hash is reported with the right one, in its form and as SRI, and no file is written",
        arguments: [
            ("base32", String(repeating: "0", count: 52)), ("hex", String(repeating: "0", count: 64)),
            ("sri", "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ])
    func mismatch(form: String, wrong: String) throws {
        let before = try bench.files()
        for more in [[], ["-o", "-"], ["--format", "oci-archive"], ["--format", "oci-layout"]] {
            let outcome = try pull(["--sha256", wrong] + more)
            #expect(outcome.status == 65)
            #expect(outcome.output.isEmpty)
            let sri = try bench.nixHash("theirs.tar", "sri")
            let got = form == "sri" ? sri : "\(try bench.nixHash("theirs.tar", form))  \(sri)"
            #expect(outcome.errors.contains("got:    \(got)\n"))
            #expect(outcome.errors.contains("wanted: \(wrong)"))
            #expect(outcome.errors.contains("sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"))
            #expect(try bench.files() == before)
        }
    }

    @Test("The hash depends on the name and the tag in the archive")
    func otherName() throws {
        let hash = try bench.nixHash("theirs.tar", "sri")
        let outcome = try pull(["--sha256", hash, "--final-image-tag", "other"])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("wanted: \(hash)\n"))
        #expect(outcome.errors.contains("check the final name and tag"))
    }

    @Test("Without a hash, the error shows the one to pin")
    func unpinned() throws {
        let outcome = try pull([])
        #expect(outcome.status == 0)
        let pin = try #require(outcome.errors.firstMatch(of: /to pin it, use sha256 ([0-9a-z]{52}) and the name (\S+)/))
        #expect(String(pin.output.1) == (try bench.nixHash("theirs.tar", "base32")))
        let pinned = try bench.run([
            "pull", String(pin.output.2), "--sha256", String(pin.output.1), "--final-image-name", "pinned",
            "--final-image-tag", "latest", "-o", "again.tar",
        ])
        #expect(pinned.status == 0)
        #expect(try bench.areSame("again.tar", "theirs.tar"))
        #expect(try pull(["--quiet"]).errors.isEmpty)
    }

    @Test("--json has the hash and the manifest's digest")
    func json() throws {
        let outcome = try pull(["--json"])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
        #expect(
            object.keys.sorted() == [
                "digest", "imageID", "layers", "name", "output", "sha256", "size", "tag",
            ])
        #expect(object["sha256"] as? String == "sha256:\(try bench.nixHash("theirs.tar", "hex"))")
        #expect(object["name"] as? String == "pinned")
        #expect(object["tag"] as? String == "latest")
        #expect(object["output"] as? String == "pinned.tar")
        #expect(object["size"] as? Int == (try bench.directory.read("theirs.tar").count))
        let digest = try Program.output(
            ["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(name)/pinned:1"])
        #expect("\(object["digest"] ?? "")\n" == String(decoding: digest, as: UTF8.self))
    }
}
