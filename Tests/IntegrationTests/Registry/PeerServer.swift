import Foundation
import Glibc
import TestSupport

/// A server of Tests/Peers, as long as the tests run. It says `listening on URL` when it is there.
struct PeerServer {
    /// It did not start.
    struct Silent: Error {
        let log: String
    }

    private let folder: SharedFolder
    /// `http://127.0.0.1:41234`
    let url: String

    /// - Parameters:
    ///   - script: of Tests/Peers; its first argument is its folder.
    ///   - arguments: those behind it; `FOLDER` in one is the folder.
    ///   - files: what lies in its folder, by name.
    init(_ script: String, _ arguments: [String] = [], files: [String: [UInt8]] = [:]) throws {
        let path = "\(Dockertools.checkout)/Tests/Peers/\(script)"
        folder = try SharedFolder("peer", files: files, running: ["python3", path, "FOLDER"] + arguments)
        for _ in 0..<300 {
            if let found = Self.text(folder, "log").firstMatch(of: /listening on (\S+)\n/) {
                url = String(found.output.1)
                return
            }
            usleep(100_000)
        }
        throw Silent(log: Self.text(folder, "log"))
    }

    /// What it was asked so far, a line each.
    var asked: [String] { Self.text(folder, "asked").split(separator: "\n").map(String.init) }

    private static func text(_ folder: SharedFolder, _ name: String) -> String {
        (try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)) ?? ""
    }
}
