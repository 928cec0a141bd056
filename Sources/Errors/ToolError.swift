import Glibc
package import SystemPackage

/// An error of this library: a machine-readable code, what failed, why, and what to do about it.
public struct ToolError: Error, Equatable, Sendable {
    /// The kind of an error, for programs.
    public enum Code: String, CaseIterable, Sendable {
        /// A script of the spec failed.
        case script
        /// An argument, a setting or a combination of them is invalid.
        case usage
        /// A spec, a graph, an image, a digest or other data is invalid.
        case data
        /// A program, a kernel, a registry or another resource is missing.
        case unavailable
        /// Input or output failed: a full disk, an unreadable file, a closed pipe.
        case io
    }

    /// The kind of the error.
    public var code: Code
    /// What failed, with the path, key or URL.
    public var message: String
    /// Why it failed; several causes stand on lines of their own.
    public var cause: String
    /// What the reader can do about it.
    public var remedy: Remedy

    /// Creates an error.
    public init(_ code: Code, _ message: String, cause: String, remedy: Remedy) {
        self.code = code
        self.message = message
        self.cause = cause
        self.remedy = remedy
    }

    /// An input or output error of the operating system.
    ///
    /// - Parameter error: the error number, by default that of the last system call of this thread.
    package static func io(_ message: String, _ error: Errno = .current, remedy: Remedy? = nil) -> ToolError {
        ToolError(.io, message, cause: error.reason, remedy: remedy ?? error.remedy)
    }
}

extension ToolError: CustomStringConvertible {
    /// The message, the cause and the remedy on lines of their own, settings by their names in the library.
    public var description: String { text { "\($0)" } }

    /// The message, the cause and the remedy on lines of their own.
    ///
    /// - Parameter name: how a setting is called: a command line writes a flag's name.
    public func text(naming name: (Setting) -> String) -> String {
        """
        error: \(message)
          why: \(cause.replacing("\n", with: "\n       "))
          fix: \(remedy.text(naming: name))
        """
    }
}

extension Errno {
    /// The error of the last system call of this thread.
    package static var current: Errno { Errno(rawValue: errno) }

    /// The system's text for the error, with its number.
    package var reason: String { "\(self) (errno \(rawValue))" }

    /// The remedy for the most frequent errors.
    var remedy: Remedy {
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
