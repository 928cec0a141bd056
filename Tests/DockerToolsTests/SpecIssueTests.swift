import Errors
import Testing

@testable import DockerTools

@Suite struct SpecIssueTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    @Test func allFaultsComeInOneFailure() throws {
        #expect(
            throws: ToolError(
                .data, "the spec 'spec' has 4 errors",
                cause: """
                    config.Env[2]: got "PATH"; expected NAME=VALUE with a non-empty name
                    contens: got ["a"]; unknown key; did you mean contents?
                    maxLayers: got 126; expected an integer from 2 to 125
                    name: missing; expected an image's name such as "hello" or "registry.example:5000/team/hello"
                    """,
                remedy: "correct these keys; `dockertools schema` prints every key with its type")
        ) {
            try directory.load(
                text: #"{"contens": ["a"], "maxLayers": 126, "config": {"Env": ["A=", "B==", "PATH"]}}"#)
        }
        #expect(
            throws: ToolError(
                .data, "the spec 'spec.json' has an error", cause: "the whole: got [1]; expected an object",
                remedy: "correct these keys; `dockertools schema` prints every key with its type")
        ) {
            try directory.write("[1]", to: "spec.json")
            return try directory.load("spec.json")
        }
    }

    @Test(arguments: [
        (#""Nmae": 1"#, "Nmae: got 1; unknown key; did you mean name?"),
        (#""max_layers": 1"#, "max_layers: got 1; unknown key; did you mean maxLayers?"),
        (#""zzzzzz": {"a": null}"#, #"zzzzzz: got {"a":null}; unknown key"#),
        (#""a.b c": 1"#, #""a.b c": got 1; unknown key"#),
        (#""uid": -1"#, "uid: got -1; expected an integer from 0 to 4294967294"),
        (#""uid": 4294967295"#, "uid: got 4294967295; expected an integer from 0 to 4294967294"),
        (#""gid": "0""#, #"gid: got "0"; expected an integer from 0 to 4294967294"#),
        (#""gid": 1.5"#, "gid: got 1.5; expected an integer from 0 to 4294967294"),
        (#""maxLayers": 1"#, "maxLayers: got 1; expected an integer from 2 to 125"),
        (#""maxLayers": true"#, "maxLayers: got true; expected an integer from 2 to 125"),
        (#""includeStorePaths": "yes""#, #"includeStorePaths: got "yes"; expected true or false"#),
        (#""includeStorePaths": 1"#, "includeStorePaths: got 1; expected true or false"),
        (
            #""tag": 1"#,
            "tag: got 1; expected a tag: letters, digits, '_', '.' and '-', at most 128, not starting with '.' or '-'"
        ),
        (
            #""layering": "populrity""#,
            #"layering: got "populrity"; expected one of "popularity", "size"; did you mean "popularity"?"#
        ),
        (#""compressor": "xz""#, #"compressor: got "xz"; expected one of "none", "gz", "zstd"; did you mean "gz"?"#),
        (
            #""architecture": "sparc64""#,
            #"architecture: got "sparc64"; expected one of "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "#
                + #""mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x", "aarch64", "x86_64""#
        ),
        (#""variant": """#, #"variant: got ""; expected a variant such as "v8""#),
        (
            #""created": "yesterday""#,
            #"created: got "yesterday"; expected "now", or an RFC 3339 timestamp such as "1970-01-01T00:00:01Z""#
        ),
        (
            #""mtime": 1"#, #"mtime: got 1; expected "now", or an RFC 3339 timestamp such as "1970-01-01T00:00:01Z""#
        ),
        (#""contents": 1"#, "contents: got 1; expected a path, or a list, each item a path"),
        (#""contents": {}"#, "contents: got {}; expected a path, or a list, each item a path"),
        (#""contents": ["a", null]"#, "contents[1]: got null; expected a path"),
        (#""contents": """#, #"contents: got ""; expected a path"#),
        (
            #""contents": ["~/app"]"#,
            #"contents[0]: got "~/app"; a spec does not expand ~: write the whole path, or ./~ for a directory of that name"#
        ),
        (#""contents": "a\u0000b""#, #"contents: got "a\u0000b"; expected a text without NUL characters"#),
        (
            #""contents": "a", "copyToRoot": []"#,
            "copyToRoot: got []; another name of contents, expected only one of the two"
        ),
        (#""extraCommands": ["ls"]"#, #"extraCommands: got ["ls"]; expected a string"#),
        (#""uname": "a:b""#, #"uname: got "a:b"; expected a name without ':' and line breaks"#),
        (
            #""storeDir": "nix""#,
            #"storeDir: got "nix"; expected an absolute path of a directory, such as "/nix/store""#
        ),
        (#""storeDir": "/""#, #"storeDir: got "/"; expected an absolute path of a directory, such as "/nix/store""#),
        (
            #""storeDir": "/a/../b""#,
            #"storeDir: got "/a/../b"; expected an absolute path of a directory, such as "/nix/store""#
        ),
        (#""config": []"#, "config: got []; expected an object"),
        (#""nmae": null"#, "nmae: got null; unknown key; did you mean name?"),
        (#""imageName": "x""#, #"imageName: got "x"; the key is for pull, not for layered"#),
        (#""runAsRoot": "ls""#, #"runAsRoot: got "ls"; the key is for build, not for layered"#),
        (#""fromImage": 1"#, "fromImage: got 1; expected a path, or an object"),
        (#""fakeRootCommands": 1"#, "fakeRootCommands: got 1; expected a string"),
        (#""enableFakechroot": "yes""#, #"enableFakechroot: got "yes"; expected true or false"#),
        (#""includeNixDB": true"#, "includeNixDB: got true; not implemented yet, expected only false"),
        (#""inheritConfig": 1"#, "inheritConfig: got 1; expected true or false"),
        (#""fromImageName": 1"#, "fromImageName: got 1; expected a string"),
        (#""keepContentsDirlinks": true"#, "keepContentsDirlinks: got true; the key is for build, not for layered"),
    ])
    func issueHasKeyValueAndExpectedValue(member: String, expected: String) throws {
        #expect(try directory.issues("{\"name\": \"x\", \(member)}") == [expected])
    }

    @Test func valuesOfOtherVerbsKeysAreChecked() throws {
        #expect(
            try directory.issues("name = 'x'\nrunAsRoot = 1\ndiskSize = 0\nbuildVMMemorySize = 1", verb: .build) == [
                "buildVMMemorySize: got 1; expected an integer from 64 to 16777216",
                "diskSize: got 0; expected an integer from 1 to 16777216", "runAsRoot: got 1; expected a string",
            ])
        #expect(
            try directory.issues("name = 'x'", verb: .export) == [
                "fromImage: missing; expected a path, or an object"
            ])
        #expect(
            try directory.issues("name = 'x'\nmaxLayers = 5", verb: .build) == [
                "maxLayers: got 5; the key is for layered, stream, not for build"
            ])
    }

    @Test("A key that is null counts as absent", arguments: [SpecVerb.build, .layered, .stream])
    func nullsAreAbsent(_ verb: SpecVerb) throws {
        let keys = SpecKey.table.flatMap(\.names).filter { $0 != "name" }
        let nulls = keys.map { "\"\($0)\": null" }.joined(separator: ", ")
        let spec = try directory.load(text: "{\"name\": \"x\", \(nulls)}", verb: verb)
        let plain = try directory.load(text: #"{"name": "x"}"#, verb: verb)
        #expect(spec.members == plain.members)
        #expect(spec.config.json == [:])
        #expect(spec.maxLayers == 100)
    }

    @Test("A required key that is null is missing")
    func requiredNullsAreMissing() throws {
        #expect(
            try directory.issues(#"{"name": null, "imageName": null}"#).map { $0.prefix { $0 != ";" } }
                == ["name: missing"])
        #expect(
            try directory.issues(#"{"name": "x", "fromImage": {"pull": {"imageName": null, "os": null}}}"#)
                .map { $0.prefix { $0 != ";" } }.sorted() == [
                    "fromImage.pull.imageDigest: missing", "fromImage.pull.imageName: missing",
                    "fromImage.pull.sha256: missing",
                ])
    }

    @Test("An alias that is null is no second name")
    func nullAliasIsAbsent() throws {
        let spec = try directory.load(text: #"{"name": "x", "contents": null, "copyToRoot": ["a"]}"#)
        #expect(spec.contents.map(\.written) == ["a"])
    }

    @Test func keysThatAreNotImplementedMayHaveTheirDefaultOrNull() throws {
        let spec = try directory.load(
            text:
                #"{"name": "x", "fromImage": null, "enableFakechroot": false, "includeNixDB": null, "fakeRootCommands": ""}"#
        )
        #expect(spec.name == "x")
        #expect(
            try directory.load(
                text: #"{"name": "x", "runAsRoot": null, "diskSize": 1024, "buildVMMemorySize": 512}"#, verb: .build
            ).name == "x")
    }

    @Test func longValuesAndManyFaultsAreCutShort() throws {
        let text = String(repeating: "y", count: 1000)
        #expect(
            try directory.issues("name = 'x'\ncontens = '\(text)'") == [
                "contens: got \"\(text.prefix(76))...; unknown key; did you mean contents?"
            ])
        #expect(
            try directory.issues("name = 'x'\n'\(text)' = 1").first?.hasPrefix("\"\(text.prefix(76))...: got 1") == true
        )
        let many = (0..<60).map { "zzzzzz\($0) = 1" }.joined(separator: "\n")
        let issues = try directory.issues("name = 'x'\n\(many)")
        #expect(issues.count == 51)
        #expect(issues.last == "and 10 more")
    }
}
