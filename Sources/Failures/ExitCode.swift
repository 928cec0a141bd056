/// The exit codes of the program. 64 to 74 are those of sysexits.h; 130 and 143 are 128 + the signal.
public enum ExitCode: Int32, Sendable {
    /// A script of the spec failed.
    case script = 1
    /// Bad usage of the command line.
    case usage = 64
    /// A bad spec, graph, image, digest or other data.
    case data = 65
    /// Something that is needed is not there: a program, a kernel, a registry.
    case unavailable = 69
    /// Input or output failed: a full disk, an unreadable file, a closed pipe.
    case io = 74
    /// Ended by SIGINT.
    case interrupted = 130
    /// Ended by SIGTERM.
    case terminated = 143
}
