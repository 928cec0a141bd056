import Images
import OCI

/// A pattern that strings have to match.
struct SpecPattern: Sendable {
    /// The valid strings, for messages: `a port such as "80/tcp"`.
    let expected: String
    /// The regular expression in the JSON Schema (ECMA 262); it accepts all valid strings, and may accept others.
    let expression: String
    /// The reason why a string is invalid; nil if it is valid.
    let issue: @Sendable (String) -> String?

    init(expected: String, expression: String, issue: @escaping @Sendable (String) -> String?) {
        self.expected = expected
        self.expression = expression
        self.issue = issue
    }

    init(expected: String, expression: String, matches: @escaping @Sendable (String) -> Bool) {
        self.init(expected: expected, expression: expression) { matches($0) ? nil : "expected \(expected)" }
    }
}

extension SpecPattern {
    /// A path on this machine or in the store.
    static let path = SpecPattern(expected: "a path", expression: "^[^\\u0000]+$") { text in
        guard text == "~" || text.hasPrefix("~/") else { return text.isEmpty ? "expected a path" : nil }
        return "a spec does not expand ~: write the whole path, or ./~ for a directory of that name"
    }

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

    /// The working directory in the image; empty for the root.
    static let workingDirectory = SpecPattern(
        expected: "an absolute path, such as \"/data\", or nothing", expression: "^(/|$)"
    ) { $0.isEmpty || $0.utf8.first == UInt8(ascii: "/") }

    /// A timestamp, or "now" for the time of the build.
    static let timestamp = SpecPattern(
        expected: "\"now\", or an RFC 3339 timestamp such as \"1970-01-01T00:00:01Z\"",
        expression: "^(now|\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?([Zz]|[+-]\\d{2}:\\d{2}))$"
    ) { $0 == "now" || Timestamp($0) != nil }

    /// An entry of the environment.
    static let environmentEntry = SpecPattern(
        expected: "NAME=VALUE with a non-empty name", expression: "^[^=]+="
    ) { $0.utf8.dropFirst().contains(UInt8(ascii: "=")) && $0.utf8.first != UInt8(ascii: "=") }

    /// A key of `ExposedPorts`: `port`, `port/tcp`, `port/udp` or `port/sctp`.
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

    /// The name of a user or a group.
    static let ownerName = SpecPattern(
        expected: "a name without ':' and line breaks", expression: "^[^:\\n\\u0000]*$"
    ) { text in !text.utf8.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "\n") } }

    /// The name of a repository, with or without a registry.
    static let imageName = SpecPattern(
        expected: ReferenceGrammar.expected, expression: ReferenceGrammar.expression, issue: ReferenceGrammar.issue)

    /// The name of an image in a registry, which is not lower-cased.
    static let pulledName = SpecPattern(
        expected: ReferenceGrammar.expected, expression: ReferenceGrammar.expression
    ) { text in
        if text.contains("@") { return "a name has no digest, the key imageDigest has it" }
        if ImageName(text).tag != nil {
            return "a name has no tag: imageDigest identifies the image, and finalImageTag is its tag in the archive"
        }
        let repository = ImageName(name: text, tag: nil).full.name?.drop { $0 != "/" } ?? ""
        return ReferenceGrammar.issue(text)
            ?? (repository == repository.lowercased() ? nil : "repository names are lower-case")
    }

    /// The digest of a manifest.
    static let digest = SpecPattern(
        expected: "a digest: \"sha256:\" and 64 digits 0-9 a-f", expression: "^sha256:[0-9a-f]{64}$"
    ) { Digest($0) != nil }

    /// A SHA-256 hash in one of Nix's encodings.
    static let hash = SpecPattern(
        expected: "a SHA-256 in Nix base-32 (52 digits), in hexadecimal (64), or as SRI (sha256-BASE64=)",
        expression: "^(sha256:)?([0-9abcdfghijklmnpqrsvwxyz]{52}|[0-9A-Fa-f]{64})$|^(sha256[:-])?[A-Za-z0-9+/]{43}=?$"
    ) { PinnedHash($0) != nil }

    /// The name of an operating system.
    static let system = SpecPattern(
        expected: "a GOOS name such as \"linux\"", expression: "^[a-z0-9]+$"
    ) { text in
        !text.isEmpty && text.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) } && text == text.lowercased()
    }

    /// The tag of an image.
    static let tag = SpecPattern(
        expected: "a tag: letters, digits, '_', '.' and '-', at most 128, not starting with '.' or '-'",
        expression: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", matches: ReferenceGrammar.isTag)
}

/// The members of `config`: those of the Docker Image Specification v1.2, and those that OCI and Docker added. Null
/// stands for a missing member.
///
/// Source: `image/spec/v1.2.md` of moby; `specs-go/v1/config.go` of opencontainers/image-spec;
/// `api/types/container/config.go` of moby.
enum ContainerConfigFields {
    static let all: [SpecField] = [
        field("User", .string, "The user and group of the process: user, uid, user:group or uid:gid."),
        field("Memory", limit, "The memory limit in bytes."),
        field("MemorySwap", limit, "The limit of memory and swap in bytes; -1: unlimited swap."),
        field("CpuShares", limit, "The relative share of CPU time."),
        field("ExposedPorts", .map(keys: .port, values: .anyObject), "The ports that the process listens on."),
        field("Env", .list(.pattern(.environmentEntry)), "The environment: NAME=VALUE each."),
        field("Entrypoint", .command, "The command that always runs, with Cmd as its arguments."),
        field("Cmd", .command, "The command, or the arguments of Entrypoint; a container may override it."),
        field("Healthcheck", .record(healthcheck, open: true), "The test of whether the container works."),
        field(
            "Volumes", .map(keys: .absolutePath, values: .anyObject), "The directories that hold data of the container."
        ),
        field("WorkingDir", .pattern(.workingDirectory), "The directory that the process starts in."),
        field("Labels", .map(keys: nil, values: .string), "Metadata by name."),
        field("StopSignal", .string, "The signal that stops the container, such as SIGTERM."),
        field("StopTimeout", .integer(.min ... .max), "The seconds to wait before the container is killed."),
        field("Shell", .command, "The shell that runs commands which are strings."),
        field("OnBuild", .list(.string), "Instructions that Docker's builder runs in an image built on this one."),
        field("ArgsEscaped", .bool, "Whether the command is already escaped (Windows)."),
        field("Hostname", .string, "The host name of the container."),
        field("Domainname", .string, "The domain name of the container."),
        field("AttachStdin", .bool, "Whether standard input is attached."),
        field("AttachStdout", .bool, "Whether standard output is attached."),
        field("AttachStderr", .bool, "Whether standard error is attached."),
        field("Tty", .bool, "Whether the process has a terminal."),
        field("OpenStdin", .bool, "Whether standard input stays open."),
        field("StdinOnce", .bool, "Whether standard input closes after the first client."),
        field("NetworkDisabled", .bool, "Whether networking is disabled."),
        field("MacAddress", .string, "The MAC address of the container."),
        field("Image", .string, "The name of the image that the builder used."),
    ]

    private static let healthcheck: [SpecField] = [
        field("Test", .list(.string), "[], [\"NONE\"], [\"CMD\", ARG…] or [\"CMD-SHELL\", COMMAND]."),
        field("Interval", .integer(0 ... .max), "Nanoseconds between two checks."),
        field("Timeout", .integer(0 ... .max), "Nanoseconds until a check counts as failed."),
        field("StartPeriod", .integer(0 ... .max), "Nanoseconds after the start in which failures do not count."),
        field("StartInterval", .integer(0 ... .max), "Nanoseconds between two checks in the start period."),
        field("Retries", .integer(0 ... .max), "Consecutive failures until the container counts as unhealthy."),
    ]

    private static let limit = SpecType.integer(-1 ... .max)

    private static func field(_ name: String, _ type: SpecType, _ meaning: String) -> SpecField {
        SpecField(name, .nullable(type), meaning)
    }
}
