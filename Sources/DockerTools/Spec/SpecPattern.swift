import Images
import OCI

/// The grammar of a string.
struct SpecPattern: Sendable {
    /// What is expected, in words for a person: `a port such as "80/tcp"`.
    var expected: String
    /// The grammar as the JSON Schema tells it (ECMA 262); it may be looser than `fault`, never stricter.
    var expression: String
    /// What is wrong with a string: nil if nothing is, `expected` where there is no more to say.
    var fault: @Sendable (String) -> String?

    init(expected: String, expression: String, fault: @escaping @Sendable (String) -> String?) {
        self.expected = expected
        self.expression = expression
        self.fault = fault
    }

    init(expected: String, expression: String, matches: @escaping @Sendable (String) -> Bool) {
        self.init(expected: expected, expression: expression) { matches($0) ? nil : "expected \(expected)" }
    }
}

extension SpecPattern {
    /// A path of this machine or of the store.
    static let path = SpecPattern(expected: "a path", expression: "^[^\\u0000]+$") { !$0.isEmpty }

    /// The logical store directory.
    static let storeDirectory = SpecPattern(
        expected: "an absolute path of a directory, such as \"/nix/store\"", expression: "^/+[^/\\u0000]"
    ) { text in
        text.hasPrefix("/") && !text.split(separator: "/").contains("..") && text.contains { $0 != "/" && $0 != "." }
    }

    /// A directory in the image.
    static let absolutePath = SpecPattern(
        expected: "an absolute path, such as \"/data\"", expression: "^/"
    ) { $0.utf8.first == UInt8(ascii: "/") }

    /// The working directory in the image; empty is the root.
    static let workingDirectory = SpecPattern(
        expected: "an absolute path, such as \"/data\", or nothing", expression: "^(/|$)"
    ) { $0.isEmpty || $0.utf8.first == UInt8(ascii: "/") }

    /// A point in time, or the time of the build.
    static let timestamp = SpecPattern(
        expected: "\"now\", or a time of RFC 3339 such as \"1970-01-01T00:00:01Z\"",
        expression: "^(now|\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?([Zz]|[+-]\\d{2}:\\d{2}))$"
    ) { $0 == "now" || Timestamp($0) != nil }

    /// An entry of the environment.
    static let environmentEntry = SpecPattern(
        expected: "NAME=VALUE with a name that is not empty", expression: "^[^=]+="
    ) { $0.utf8.dropFirst().contains(UInt8(ascii: "=")) && $0.utf8.first != UInt8(ascii: "=") }

    /// A port as `ExposedPorts` of the image specification has it: `port`, `port/tcp`, `port/udp`, `port/sctp`.
    static let port = SpecPattern(
        expected: "a port from 1 to 65535, alone or with /tcp, /udp or /sctp, such as \"80/tcp\"",
        expression: "^[0-9]{1,5}(/(tcp|udp|sctp))?$"
    ) { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let digits = parts.first, (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = UInt16(digits), number > 0
        else { return false }
        return parts.count == 1 || parts.count == 2 && ["tcp", "udp", "sctp"].contains(parts[1])
    }

    /// The variant of an architecture: `v7`, `v8`.
    static let variant = SpecPattern(expected: "a variant such as \"v8\"", expression: "^[A-Za-z0-9._-]+$") { text in
        !text.isEmpty && text.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    /// The name of a file's owner.
    static let ownerName = SpecPattern(
        expected: "a name without ':' and line breaks", expression: "^[^:\\n\\u0000]*$"
    ) { text in !text.utf8.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "\n") } }

    /// The name of a repository, with or without a registry before it.
    static let imageName = SpecPattern(
        expected: ReferenceGrammar.expected, expression: ReferenceGrammar.expression, fault: ReferenceGrammar.fault)

    /// The name that an image has in a registry: there nobody lower-cases it.
    static let pulledName = SpecPattern(
        expected: ReferenceGrammar.expected, expression: ReferenceGrammar.expression
    ) { text in
        if text.contains("@") { return "a name holds no digest, the key imageDigest does" }
        if ImageName(text).tag != nil {
            return "a name holds no tag: imageDigest tells the image, and finalImageTag its tag in the archive"
        }
        let repository = ImageName(name: text, tag: nil).full.name?.drop { $0 != "/" } ?? ""
        return ReferenceGrammar.fault(text)
            ?? (repository == repository.lowercased() ? nil : "names of repositories are in lower case")
    }

    /// The digest of a manifest.
    static let digest = SpecPattern(
        expected: "a digest: \"sha256:\" and 64 digits 0-9 a-f", expression: "^sha256:[0-9a-f]{64}$"
    ) { Digest($0) != nil }

    /// A SHA-256 in one of the forms of Nix.
    static let hash = SpecPattern(
        expected: "a SHA-256 in Nix base-32 (52 digits), in hexadecimal (64), or as SRI (sha256-BASE64=)",
        expression: "^(sha256:)?([0-9abcdfghijklmnpqrsvwxyz]{52}|[0-9A-Fa-f]{64})$|^(sha256[:-])?[A-Za-z0-9+/]{43}=?$"
    ) { PinnedHash($0) != nil }

    /// The name of an operating system.
    static let system = SpecPattern(
        expected: "an operating system by Go's name, such as \"linux\"", expression: "^[a-z0-9]+$"
    ) { text in
        !text.isEmpty && text.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) } && text == text.lowercased()
    }

    /// A tag.
    static let tag = SpecPattern(
        expected: "a tag: letters, digits, '_', '.' and '-', at most 128, the first no '.' or '-'",
        expression: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", matches: ReferenceGrammar.isTag)
}

/// The members of `config`: the run-time configuration of the image specification v1.2 and what OCI and Docker added.
///
/// Source: `image/spec/v1.2.md` of moby; `specs-go/v1/config.go` of opencontainers/image-spec;
/// `api/types/container/config.go` of moby. Null stands for the absence of each.
enum ContainerConfigFields {
    static let all: [SpecField] = [
        field("User", .string, "The user, and group, that the process runs as: user, uid, user:group, uid:gid."),
        field("Memory", limit, "The memory limit in bytes."),
        field("MemorySwap", limit, "The limit of memory and swap in bytes; -1: no limit of swap."),
        field("CpuShares", limit, "The relative share of the processor."),
        field("ExposedPorts", .map(keys: .port, values: .anyObject), "The ports that the image listens on."),
        field("Env", .list(.pattern(.environmentEntry)), "The environment: NAME=VALUE."),
        field("Entrypoint", .command, "The command that always runs; Cmd follows it."),
        field("Cmd", .command, "The command, or the entry point's arguments, unless others are given."),
        field("Healthcheck", .record(healthcheck, open: true), "How to tell whether the container works."),
        field(
            "Volumes", .map(keys: .absolutePath, values: .anyObject), "The directories that hold a container's data."),
        field("WorkingDir", .pattern(.workingDirectory), "The directory that the process starts in."),
        field("Labels", .map(keys: nil, values: .string), "Metadata by name."),
        field("StopSignal", .string, "The signal that ends the container, such as SIGTERM."),
        field("StopTimeout", .integer(.min ... .max), "The seconds to wait before the container is killed."),
        field("Shell", .command, "The shell of the commands written as text."),
        field("OnBuild", .list(.string), "What Docker's builder runs in an image built on this."),
        field("ArgsEscaped", .bool, "Whether the command is escaped already (Windows)."),
        field("Hostname", .string, "The host's name."),
        field("Domainname", .string, "The host's domain."),
        field("AttachStdin", .bool, "Whether standard input is attached."),
        field("AttachStdout", .bool, "Whether standard output is attached."),
        field("AttachStderr", .bool, "Whether standard error is attached."),
        field("Tty", .bool, "Whether the process has a terminal."),
        field("OpenStdin", .bool, "Whether standard input stays open."),
        field("StdinOnce", .bool, "Whether standard input closes after the first client."),
        field("NetworkDisabled", .bool, "Whether there is no network."),
        field("MacAddress", .string, "The network card's address."),
        field("Image", .string, "The image's name as its builder passed it."),
    ]

    private static let healthcheck: [SpecField] = [
        field("Test", .list(.string), "[], [\"NONE\"], [\"CMD\", ARG…] or [\"CMD-SHELL\", COMMAND]."),
        field("Interval", .integer(0 ... .max), "Nanoseconds between two checks."),
        field("Timeout", .integer(0 ... .max), "Nanoseconds until a check counts as failed."),
        field("StartPeriod", .integer(0 ... .max), "Nanoseconds of grace at the start."),
        field("StartInterval", .integer(0 ... .max), "Nanoseconds between two checks in the start period."),
        field("Retries", .integer(0 ... .max), "Failed checks in a row until the container counts as unhealthy."),
    ]

    private static let limit = SpecType.integer(-1 ... .max)

    private static func field(_ name: String, _ type: SpecType, _ meaning: String) -> SpecField {
        SpecField(name, .nullable(type), meaning)
    }
}
