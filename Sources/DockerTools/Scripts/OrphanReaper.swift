import CLinux
import Foundation
import Glibc
import SystemPackage

/// Processes that a script left running out of reach of its process group, as daemons do.
enum OrphanReaper {
    /// Makes them children of this process when their parents end.
    static func adopt() { _ = clinux_adopt_orphans() }

    /// Ends the strays among the children of this process, those that they leave to it in turn too, and waits for them.
    ///
    /// - Parameter work: the work directory of the script, which its environment names.
    static func end(of work: FilePath) {
        var seen: Set<pid_t> = []
        while true {
            let strays = children(of: getpid()).filter { isStray($0, work) && !seen.contains($0.number) }
            if strays.isEmpty { return }
            for stray in strays {
                seen.insert(stray.number)
                if stray.name.starts(with: "faked") { endInPeace(stray.number) }
                kill(stray.number, SIGKILL)
                while waitpid(stray.number, nil, 0) < 0, errno == EINTR {}
            }
        }
    }

    /// Ends fakeroot's daemon as it wants to be: else its message queues would be left, until the machine ends.
    private static func endInPeace(_ number: pid_t) {
        kill(number, SIGTERM)
        for _ in 0..<100 {
            var information = siginfo_t()
            let isThere = waitid(P_PID, id_t(number), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            if !isThere || information.si_signo == SIGCHLD { return }
            usleep(10_000)
        }
    }

    private struct Child {
        let number: pid_t
        let name: String
        let session: pid_t
    }

    /// This process starts no session for a child.
    private static func isStray(_ child: Child, _ work: FilePath) -> Bool {
        if child.session != getsid(0) { return true }
        let environment = FileManager.default.contents(atPath: "/proc/\(child.number)/environ") ?? Data()
        return environment.range(of: Data(work.string.utf8)) != nil
    }

    /// Source: proc(5), `/proc/pid/stat`: the name in brackets may hold anything, and the state, the parent, the group
    /// and the session follow it.
    private static func children(of parent: pid_t) -> [Child] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { name in
            guard let number = pid_t(name), let status = FileManager.default.contents(atPath: "/proc/\(name)/stat"),
                let start = status.firstIndex(of: UInt8(ascii: "(")),
                let bracket = status.lastIndex(of: UInt8(ascii: ")"))
            else { return nil }
            let fields = String(decoding: status[bracket...], as: UTF8.self).split(separator: " ")
            guard fields.count > 4, pid_t(fields[2]) == parent, let session = pid_t(fields[4]) else { return nil }
            let own = String(decoding: status[start..<bracket].dropFirst(), as: UTF8.self)
            return Child(number: number, name: own, session: session)
        }
    }
}
