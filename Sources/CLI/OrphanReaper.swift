import CLinux
import DockerTools
import Foundation
import Glibc
import SystemPackage

/// Ends processes that a script started outside of its process group, such as daemons.
struct OrphanReaper: ProcessSupervisor {
    /// Makes this process the parent of orphans among its descendants (PR_SET_CHILD_SUBREAPER).
    func adoptOrphans() { _ = clinux_adopt_orphans() }

    /// Ends the orphans of a script, including orphans that their end creates, and waits for them.
    ///
    /// - Parameter workDirectory: the work directory of the script, which the script's environment names.
    func endOrphans(of workDirectory: FilePath) {
        var seen: Set<pid_t> = []
        while true {
            let orphans = Self.children(of: getpid()).filter {
                Self.isOrphan($0, workDirectory) && !seen.contains($0.number)
            }
            if orphans.isEmpty { return }
            for orphan in orphans {
                seen.insert(orphan.number)
                if orphan.name.starts(with: "faked") { Self.terminate(orphan.number) }
                kill(orphan.number, SIGKILL)
                while waitpid(orphan.number, nil, 0) < 0, errno == EINTR {}
            }
        }
    }

    /// Asks fakeroot's daemon to end, so that it removes its message queues, and waits up to a second.
    private static func terminate(_ number: pid_t) {
        kill(number, SIGTERM)
        for _ in 0..<100 {
            var information = siginfo_t()
            let isRunning = waitid(P_PID, id_t(number), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            if !isRunning || information.si_signo == SIGCHLD { return }
            usleep(10_000)
        }
    }

    private struct Child {
        let number: pid_t
        let name: String
    }

    /// Returns whether a child is an orphan of a script. Only its environment tells: this process may have got other children
    /// from the program that it was before (execve(2)), and those are not to be ended.
    private static func isOrphan(_ child: Child, _ work: FilePath) -> Bool {
        let environment = FileManager.default.contents(atPath: "/proc/\(child.number)/environ") ?? Data()
        return environment.range(of: Data(work.string.utf8)) != nil
    }

    /// The children of a process. Source: proc(5), `/proc/pid/stat`: the name in parentheses may contain any characters; the
    /// state and the parent follow it.
    private static func children(of parent: pid_t) -> [Child] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { name in
            guard let number = pid_t(name), let status = FileManager.default.contents(atPath: "/proc/\(name)/stat"),
                let start = status.firstIndex(of: UInt8(ascii: "(")),
                let bracket = status.lastIndex(of: UInt8(ascii: ")"))
            else { return nil }
            let fields = String(decoding: status[bracket...], as: UTF8.self).split(separator: " ")
            guard fields.count > 2, pid_t(fields[2]) == parent else { return nil }
            let own = String(decoding: status[start..<bracket].dropFirst(), as: UTF8.self)
            return Child(number: number, name: own)
        }
    }
}
