import JSON
import OCI
import TestSupport
import Testing

@testable import DockerTools

@Suite("The arguments of nixpkgs' pullImage")
struct PinnedImageTests {
    private static let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private let directory: SpecDirectory
    private let image: PinnedImage

    init() throws {
        directory = try SpecDirectory()
        let digest = try #require(Digest(hex: Self.hex))
        image = PinnedImage(
            imageName: "nixos/nix", imageDigest: digest, sha256: digest,
            finalName: ImageName(name: "nix", tag: "1.11"), os: "linux", architecture: "amd64", tlsVerify: true)
    }

    @Test("are a Nix set as nix-prefetch-docker prints it")
    func nix() {
        #expect(
            image.text(.nix) == """
                {
                  imageName = "nixos/nix";
                  imageDigest = "sha256:\(Self.hex)";
                  sha256 = "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s";
                  finalImageName = "nix";
                  finalImageTag = "1.11";
                }

                """)
    }

    @Test("are JSON as nix-prefetch-docker prints it")
    func json() {
        #expect(
            image.text(.json) == """
                {
                  "imageName": "nixos/nix",
                  "imageDigest": "sha256:\(Self.hex)",
                  "sha256": "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
                  "finalImageName": "nix",
                  "finalImageTag": "1.11"
                }

                """)
    }

    @Test("include values that differ from pullImage's defaults")
    func others() {
        var other = image
        (other.os, other.architecture, other.tlsVerify) = ("windows", "arm64", false)
        #expect(other.text(.nix).hasSuffix("  os = \"windows\";\n  arch = \"arm64\";\n  tlsVerify = false;\n}\n"))
        #expect(
            other.text(.json).hasSuffix(
                ",\n  \"os\": \"windows\",\n  \"arch\": \"arm64\",\n  \"tlsVerify\": false\n}\n"))
        #expect(other.text(.toml).hasSuffix("\nos = \"windows\"\narch = \"arm64\"\ntlsVerify = false\n"))
    }

    @Test("are a spec for pull in JSON and TOML", arguments: [PinSyntax.json, .toml])
    func specs(syntax: PinSyntax) throws {
        var other = image
        (other.os, other.architecture, other.tlsVerify) = ("windows", "arm64", false)
        for image in [image, other] {
            let spec = try directory.loadPull(text: image.text(syntax))
            #expect(spec.imageName == image.imageName)
            #expect(spec.imageDigest == image.imageDigest)
            #expect(spec.hash.digest == image.sha256)
            #expect(spec.finalName == image.finalName)
            #expect(spec.os == image.os)
            #expect(spec.architecture == image.architecture)
            #expect(spec.tlsVerify == image.tlsVerify)
        }
    }

    @Test("are what Nix reads them as, whatever is in them")
    func nixReadsThem() throws {
        var odd = image
        odd.imageName = #"a"b\c${d}$e$${f}\${g} ü"# + "\n\t"
        let output = try Program.output(
            ["nix-instantiate", "--eval", "--strict", "--json", "-"], input: Array(odd.text(.nix).utf8))
        let read = try JSONValue(parsing: output, source: "Nix's output", limit: 1 << 20)
        #expect(read["imageName"]?.string == odd.imageName)
        #expect(read["finalImageTag"]?.string == "1.11")
    }
}
