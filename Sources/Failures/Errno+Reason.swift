import Glibc
import SystemPackage

extension Errno {
    /// The error of the system call that was just made on this thread.
    public static var current: Errno { Errno(rawValue: errno) }

    /// The system's words for the error.
    var reason: String { "\(self) (errno \(rawValue))" }

    /// What helps against the errors that people meet most.
    var advice: String {
        switch self {
        case .noSpace, .diskQuotaExceeded: "free some space, or write to another disk"
        case .permissionDenied, .notPermitted: "check the permissions, or run as a user that has them"
        case .readOnlyFileSystem: "choose a folder that can be written to"
        case .noSuchFileOrDirectory: "check that the path is right and still there"
        case .brokenPipe: "keep the reading end of the pipe open until the program ends"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "raise the limit on open files (ulimit -n)"
        default: "check the path and its file system"
        }
    }
}
