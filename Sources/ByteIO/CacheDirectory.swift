import Errors
import Glibc
import Synchronization
package import SystemPackage

/// A directory for data that can be computed or fetched again, used only as far as no other user can have written it.
///
/// Cached data is used without being computed again, and the checksums in it are no secret. So a directory or a file is
/// used only if this user or root owns it and no one else can write to it, as OpenSSH requires it of its files
/// (`StrictModes`, sshd_config(5)). The directories above may be writable for others if they are sticky, like `/tmp`.
package final class CacheDirectory: Sendable {
    /// The absolute path. The directory is created when it is needed.
    package let path: FilePath

    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())

    private struct State {
        var accepted: Set<FilePath> = []
        var hasWarned = false
    }

    /// - Parameters:
    ///   - path: the absolute path.
    ///   - warn: receives a warning for the first directory or file that is not used.
    package init(_ path: FilePath, warn: @escaping @Sendable (String) -> Void) {
        self.path = path
        self.warn = warn
    }

    /// Whether the cache itself can be used. If not, the user is warned.
    package var isUsable: Bool { trusts(directory: path) }

    /// Why the cache itself cannot be used; nil if it can.
    package var distrust: String? { Self.distrust(directory: path, in: path) }

    /// Whether a directory of the cache can be used; a missing one can be created. If not, the user is warned.
    package func trusts(directory: FilePath) -> Bool {
        if state.withLock({ $0.accepted.contains(directory) }) { return true }
        if let reason = Self.distrust(directory: directory, in: path) {
            let name = TerminalText.quoted(directory.string)
            warnOnce("the cache in \(name) is not used: \(reason); set XDG_CACHE_HOME to a directory of your own")
            return false
        }
        var status = stat()
        if directory.withPlatformString({ stat($0, &status) }) == 0 {
            _ = state.withLock { $0.accepted.insert(directory) }
        }
        return true
    }

    /// Whether an open file of the cache can be used. If not, the user is warned.
    ///
    /// - Parameter file: the path of the file, for the warning.
    package func trusts(_ descriptor: Int32, of file: FilePath) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        guard let reason = Self.distrust(status, of: file) else { return true }
        warnOnce("a cached file is not used: \(reason)")
        return false
    }

    private func warnOnce(_ text: String) {
        let isFirst = state.withLock { state in
            defer { state.hasWarned = true }
            return !state.hasWarned
        }
        if isFirst { warn(text) }
    }
}

extension CacheDirectory {
    /// Why a directory cannot be used; nil if it can, or does not exist yet.
    private static func distrust(directory: FilePath, in cache: FilePath) -> String? {
        // Links are resolved, so that the directories that lead to their targets are checked too.
        guard let (real, isWhole) = existing(directory) else { return nil }
        let own = isWhole ? directory.components.count - cache.components.count + 1 : 0
        var place = real
        var depth = 0
        while true {
            var status = stat()
            guard place.withPlatformString({ lstat($0, &status) }) == 0 else { return nil }
            // What is no directory has no cached files.
            guard status.st_mode & S_IFMT == S_IFDIR else { return nil }
            let reason = depth < own ? distrust(status, of: place) : distrust(status, above: place)
            if let reason { return reason }
            guard !place.components.isEmpty else { return nil }
            place.removeLastComponent()
            depth += 1
        }
    }

    /// The real path of a directory, or of the nearest one above it that exists.
    private static func existing(_ directory: FilePath) -> (real: FilePath, isWhole: Bool)? {
        if let real = directory.real { return (real, true) }
        guard !directory.components.isEmpty else { return nil }
        return existing(directory.removingLastComponent()).map { ($0.real, false) }
    }

    private static func distrust(_ status: stat, of file: FilePath) -> String? {
        if status.st_uid != geteuid(), status.st_uid != 0 { return owned(file, by: status.st_uid) }
        return status.st_mode & (S_IWGRP | S_IWOTH) == 0 ? nil : writable(file)
    }

    private static func distrust(_ status: stat, above directory: FilePath) -> String? {
        // In a user namespace without root the owner of `/` stands for root.
        var root = stat()
        let owners = [geteuid(), 0] + (stat("/", &root) == 0 ? [root.st_uid] : [])
        if !owners.contains(status.st_uid) { return owned(directory, by: status.st_uid) }
        if status.st_mode & S_ISVTX != 0 { return nil }
        // Where the umask is 002 each user has a group of their own.
        let isGroupOwn = [0, getegid()].contains(status.st_gid)
        return status.st_mode & (isGroupOwn ? S_IWOTH : S_IWGRP | S_IWOTH) == 0 ? nil : writable(directory)
    }

    private static func owned(_ path: FilePath, by user: uid_t) -> String {
        "another user (\(user)) owns \(TerminalText.quoted(path.string))"
    }

    private static func writable(_ path: FilePath) -> String {
        "other users can write to \(TerminalText.quoted(path.string))"
    }
}
