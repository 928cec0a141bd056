import Foundation
import Glibc
import TestSupport

/// A server of Tests/Peers, as long as the tests run. It says `listening on URL` when it is there.
struct PeerServer {
    /// It did not start.
    struct Silent: Error {
        let log: String
    }

    private let directory: SharedDirectory
    /// `http://127.0.0.1:41234`
    let url: String

    /// - Parameters:
    ///   - script: of Tests/Peers; its first argument is its directory.
    ///   - arguments: those behind it; `DIRECTORY` in one is the directory.
    ///   - files: what lies in its directory, by name.
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
        throw Silent(log: Self.text(directory, "log"))
    }

    /// What it was asked so far, a line each.
    var asked: [String] { Self.text(directory, "asked").split(separator: "\n").map(String.init) }

    private static func text(_ directory: SharedDirectory, _ name: String) -> String {
        (try? String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8)) ?? ""
    }
}
