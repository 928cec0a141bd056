import ByteIO
import Foundation
import OCI
import Processes
import Registry
import SystemPackage

/// The address of a Docker daemon on another machine that is reached by ssh: `ssh://[USER@]HOST[:PORT][/PATH]`.
///
/// Source: docker/cli, `cli/connhelper`.
struct SSHAddress: Hashable, Sendable {
    let user: String?
    /// A name, which ssh's settings may explain, or an address without brackets.
    let host: String
    let port: Int?
    /// The path of the daemon's socket on the other machine; nil: the one that docker uses there.
    let socket: String?

    /// Parses the text after `ssh://`.
    ///
    /// - Throws: `SSHAddressError`.
    init(_ text: Substring) throws(SSHAddressError) {
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        var authority = text[..<slash]
        user = try Self.user(in: &authority)
        guard !authority.hasPrefix("-") else {
            throw SSHAddressError(cause: "the host begins with '-', as options of ssh do")
        }
        guard let (host, port) = HostAndPort.split(authority), Self.isHost(host, bracketed: authority.hasPrefix("["))
        else { throw SSHAddressError(cause: "it has no valid host and port") }
        self.host = host
        self.port = port
        guard let path = String(text[slash...]).removingPercentEncoding, !path.utf8.contains(where: Self.isControl),
            !text.contains("?"), !text.contains("#")
        else { throw SSHAddressError(cause: "the path of the socket is not valid") }
        socket = path.isEmpty || path == "/" ? nil : path
    }

    /// Takes the user off an authority.
    private static func user(in authority: inout Substring) throws(SSHAddressError) -> String? {
        guard let at = authority.lastIndex(of: "@") else { return nil }
        let text = authority[..<at]
        authority = authority[authority.index(after: at)...]
        guard !text.contains(":") else {
            throw SSHAddressError(cause: "it has a password, which ssh does not take from an address")
        }
        guard let user = String(text).removingPercentEncoding, !user.isEmpty, !user.hasPrefix("-"),
            !user.utf8.contains(where: isControl)
        else { throw SSHAddressError(cause: "it has no valid user name") }
        return user
    }

    /// Whether a text is a name or an address, and nothing that ssh or a shell could take for something else.
    private static func isHost(_ host: String, bracketed: Bool) -> Bool {
        bracketed
            || host.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) || "-._".utf8.contains($0) }
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    /// The arguments of ssh, the program's name first: they run `docker system dial-stdio` on the other machine.
    var arguments: [String] {
        var arguments = ["ssh", "-o", "ConnectTimeout=30", "-T"]
        if let user { arguments += ["-l", user] }
        if let port { arguments += ["-p", "\(port)"] }
        arguments += ["--", host, "docker"]
        if let socket { arguments.append("--host=" + Self.quoted("unix://\(socket)")) }
        return arguments + ["system", "dial-stdio"]
    }

    /// Quotes a word for the shell on the other machine, which ssh hands the command to.
    private static func quoted(_ word: String) -> String {
        let isHarmless = word.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) || "-._/:".utf8.contains($0) }
        return isHarmless ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }
}

extension SSHAddress: CustomStringConvertible {
    /// The address as docker writes it.
    var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        let before = user.map { TerminalText.printable(Array($0.utf8)) + "@" } ?? ""
        let after = socket.map { TerminalText.printable(Array($0.utf8)) } ?? ""
        return "ssh://" + before + name + (port.map { ":\($0)" } ?? "") + after
    }
}

/// The reason why a text is no address of a daemon that is reached by ssh.
struct SSHAddressError: Error {
    let cause: String
}
