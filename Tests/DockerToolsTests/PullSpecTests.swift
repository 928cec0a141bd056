import OCI
import Testing

@testable import DockerTools

@Suite("A spec of an image to pull")
struct PullSpecTests {
    private static let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private static let required =
        #""imageName": "team/app", "imageDigest": "sha256:\#(hex)", "sha256": "sha256:\#(hex)""#

    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    @Test("has pullImage's defaults")
    func defaults() throws {
        let spec = try directory.loadPull(text: "{\(Self.required)}")
        #expect(spec.imageName == "team/app")
        #expect(spec.imageDigest.hex == Self.hex)
        #expect(spec.hash.description == "sha256:\(Self.hex)")
        #expect(spec.finalName == ImageName(name: "team/app", tag: "latest"))
        #expect(spec.os == "linux")
        #expect(spec.architecture == "amd64")
        #expect(spec.tlsVerify)
    }

    @Test("takes all of pullImage's arguments")
    func all() throws {
        let spec = try directory.loadPull(
            text: """
                imageName = "host:5000/app"
                imageDigest = "sha256:\(Self.hex)"
                hash = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
                finalImageName = "other"
                finalImageTag = "v1"
                os = "windows"
                arch = "arm64"
                tlsVerify = false
                """)
        #expect(spec.imageName == "host:5000/app")
        #expect(spec.hash.digest.hex == Self.hex)
        #expect(spec.finalName == ImageName(name: "other", tag: "v1"))
        #expect(spec.os == "windows")
        #expect(spec.architecture == "arm64")
        #expect(!spec.tlsVerify)
    }

    @Test(
        "names processors as Go does, whatever they are called in it",
        arguments: [("x86_64", "amd64"), ("aarch64", "arm64"), ("amd64", "amd64"), ("riscv64", "riscv64")])
    func processors(written: String, expected: String) throws {
        #expect(try directory.loadPull(text: #"{\#(Self.required), "arch": "\#(written)"}"#).architecture == expected)
    }

    @Test("is overridden from the command line")
    func overridden() throws {
        let spec = try directory.loadPull(text: "{\(Self.required)}", sets: ["finalImageTag=x", "tlsVerify=false"])
        #expect(spec.finalName.tag == "x")
        #expect(!spec.tlsVerify)
    }

    @Test("is a base too, with the same keys")
    func base() throws {
        let spec = try directory.load(
            text: #"{"name": "x", "fromImage": {"pull": {\#(Self.required), "arch": "x86_64"}}}"#)
        #expect(spec.fromImage == .pull(try directory.loadPull(text: "{\(Self.required)}")))
        #expect(
            try directory.load(text: #"{"name": "x", "fromImage": "a"}"#).fromImage
                == .path(directory.path.appending("a")))
    }

    @Test(
        "is refused where it could not be pulled",
        arguments: [
            (
                #""imageName": "Team/App""#,
                #"imageName: got "Team/App"; repository names are lower-case"#
            ),
            (
                #""imageName": "app:1""#,
                #"imageName: got "app:1"; a name has no tag: imageDigest identifies the image, and finalImageTag is its tag in the archive"#
            ),
            (
                #""imageName": "app@sha256:1""#,
                #"imageName: got "app@sha256:1"; a name has no digest, the key imageDigest has it"#
            ),
            (
                #""imageName": "a//b""#,
                #"imageName: got "a//b"; expected an image's name such as "hello" or "registry.example:5000/team/hello""#
            ),
            (
                #""imageDigest": "sha256:BA""#,
                #"imageDigest: got "sha256:BA"; expected a digest: "sha256:" and 64 digits 0-9 a-f"#
            ),
            (
                #""sha256": """#,
                #"sha256: got ""; expected a SHA-256 in Nix base-32 (52 digits), in hexadecimal (64), or as SRI (sha256-BASE64=)"#
            ),
            (
                #""sha256": "sha512-AAAA""#,
                #"sha256: got "sha512-AAAA"; expected a SHA-256 in Nix base-32 (52 digits), in hexadecimal (64), or as SRI (sha256-BASE64=)"#
            ),
            (
                #""finalImageName": "a b""#,
                #"finalImageName: got "a b"; expected an image's name such as "hello" or "registry.example:5000/team/hello""#
            ),
            (
                #""finalImageTag": "-x""#,
                #"finalImageTag: got "-x"; expected a tag: letters, digits, '_', '.' and '-', at most 128, not starting with '.' or '-'"#
            ),
            (#""os": "Linux""#, #"os: got "Linux"; expected a GOOS name such as "linux""#),
            (#""tlsVerify": "no""#, #"tlsVerify: got "no"; expected true or false"#),
            (#""name": "x""#, #"name: got "x"; the key is for build, layered, stream, export, not for pull"#),
        ])
    func refused(member: String, expected: String) throws {
        let key = member.split(separator: ":")[0]
        let others = Self.required.split(separator: ", ").filter { !$0.hasPrefix(key) }
        let text = "{\((others + [member[...]]).joined(separator: ", "))}"
        #expect(try directory.issues(text, verb: .pull) == [expected])
    }

    @Test("tells the processor that was meant")
    func mistypedProcessor() throws {
        let fault = try directory.issues(#"{\#(Self.required), "arch": "amd46"}"#, verb: .pull).first
        #expect(fault?.hasPrefix(#"arch: got "amd46"; expected one of "386", "amd64""#) == true)
        #expect(fault?.hasSuffix(#"; did you mean "amd64"?"#) == true)
    }

    @Test("needs the name, the digest and the hash, in a base too")
    func missing() throws {
        let keys = [
            #"imageName: missing; expected an image's name such as "hello" or "registry.example:5000/team/hello""#,
            #"imageDigest: missing; expected a digest: "sha256:" and 64 digits 0-9 a-f"#,
            "sha256: missing; expected a SHA-256 in Nix base-32 (52 digits), in hexadecimal (64), or as SRI (sha256-BASE64=)",
        ]
        #expect(try directory.issues("{}", verb: .pull) == keys)
        #expect(
            try directory.issues(#"{"name": "x", "fromImage": {"pull": {}}}"#) == keys.map { "fromImage.pull.\($0)" })
        #expect(
            try directory.issues(#"{"name": "x", "fromImage": {}}"#) == [
                "fromImage.pull: missing; expected an object"
            ])
        #expect(
            try directory.issues(#"{"name": "x", "fromImage": {"pull": {\#(Self.required), "hash": "\#(Self.hex)"}}}"#)
                == [
                    #"fromImage.pull.hash: got "\#(Self.hex)"; another name of sha256, expected only one of the two"#
                ])
        #expect(
            try directory.issues(#"{"name": "x", "fromImage": {"pull": {\#(Self.required), "archs": "arm64"}}}"#) == [
                #"fromImage.pull.archs: got "arm64"; unknown key; did you mean arch?"#
            ])
    }
}
