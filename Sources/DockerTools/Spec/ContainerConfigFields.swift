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
        field("Volumes", .map(keys: .absolutePath, values: .anyObject), "The folders that hold a container's data."),
        field("WorkingDir", .pattern(.workingFolder), "The folder that the process starts in."),
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
