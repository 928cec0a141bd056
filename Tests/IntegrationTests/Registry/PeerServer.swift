import Foundation
import Glibc
import TestSupport

/// A server of Tests/Peers that runs until the tests end. It prints `listening on URL` when it is ready.
struct PeerServer {
    /// The server did not start.
    struct NotStarted: Error {
        let log: String
    }

    private let directory: SharedDirectory
    /// `http://127.0.0.1:41234`
    let url: String

    /// - Parameters:
    ///   - script: the file in Tests/Peers; its first argument is the server's directory.
    ///   - arguments: the further arguments; `DIRECTORY` in one stands for the directory.
    ///   - files: the initial files in the directory, by name.
    init(_ script: String, _ arguments: [String] = [], files: [String: [UInt8]] = [:]) throws {
        let path = "\(Dockertools.checkout)/Tests/Peers/\(script)"
        directory = try SharedDirectory("peer", files: files, running: ["python3", path, "DIRECTORY"] + arguments)
        for _ in 0..<300 {
            if let found = Self.text(directory, "log").firstMatch(of: /listening on (\S+)\n/) {
                url = String(found.output.1)
                return
            }
            usleep(100_000)
        }
        throw NotStarted(log: Self.text(directory, "log"))
    }

    /// The requests so far, one per line.
    var asked: [String] { Self.text(directory, "asked").split(separator: "\n").map(String.init) }

    private static func text(_ directory: SharedDirectory, _ name: String) -> String {
        (try? String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8)) ?? ""
    }
}
