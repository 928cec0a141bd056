import Glibc
import SystemPackage

/// An error as a person reads it: what failed and where, why, and what to do about it.
package struct ToolError: Error, Equatable, Sendable {
    /// What failed, and where.
    package var what: String
    /// Why it failed.
    package var cause: String
    /// What the reader can do about it.
    package var remedy: String
    /// The status the program ends with.
    package var code: ExitCode

    package init(_ code: ExitCode, _ what: String, cause: String, remedy: String) {
        self.code = code
        self.what = what
        self.cause = cause
        self.remedy = remedy
    }

    /// An input or output error of the system.
    ///
    /// - Parameter error: the error number, by default that of the call just made.
    package static func io(_ what: String, _ error: Errno = .current, remedy: String? = nil) -> ToolError {
        ToolError(.io, what, cause: error.reason, remedy: remedy ?? error.remedy)
    }
}

extension ToolError: CustomStringConvertible {
    /// The three parts as they go to standard error: a line each, but that several reasons stand one below the other.
    package var description: String {
        """
        error: \(what)
          why: \(cause.replacing("\n", with: "\n       "))
          fix: \(remedy)
        """
    }
}

/// The exit codes of the program. 64 to 74 are those of sysexits.h; 130 and 143 are 128 + the signal.
package enum ExitCode: Int32, Sendable {
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

extension Errno {
    /// The error of the system call that was just made on this thread.
    package static var current: Errno { Errno(rawValue: errno) }

    /// The system's words for the error.
    var reason: String { "\(self) (errno \(rawValue))" }

    /// What helps against the errors that people meet most.
    var remedy: String {
        switch self {
        case .noSpace, .diskQuotaExceeded: "free some space, or write to another disk"
        case .permissionDenied, .notPermitted: "check the permissions, or run as a user that has them"
        case .readOnlyFileSystem: "choose a directory that can be written to"
        case .noSuchFileOrDirectory: "check that the path is right and still there"
        case .brokenPipe: "keep the reading end of the pipe open until the program ends"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "raise the limit on open files (ulimit -n)"
        default: "check the path and its file system"
        }
    }
}
