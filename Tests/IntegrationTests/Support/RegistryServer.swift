import Foundation
import Glibc
import TestSupport

/// A registry of the tests' own on this machine, docker-registry 2.8: plain http and open to all, unless it is told
/// otherwise.
struct RegistryServer {
    /// It did not start.
    struct Silent: Error {
        let log: String
    }

    private let directory: SharedDirectory
    /// As images name it: `127.0.0.1:41234`.
    let name: String

    /// The registry that tests share; each has repositories of its own in it. Started at the first use.
    static var shared: RegistryServer { get throws { try started.get() } }

    private static let started = Result { try RegistryServer() }

    /// - Parameters:
    ///   - more: YAML of the configuration besides; `DIRECTORY` in it is where the files are.
    ///   - http: YAML that goes with the address: how TLS is spoken.
    ///   - files: by name.
    init(_ more: String = "", http: String = "", files: [String: [UInt8]] = [:]) throws {
        let configuration = """
            version: 0.1
            log: {level: info, accesslog: {disabled: false}}
            storage: {filesystem: {rootdirectory: DIRECTORY/data}, delete: {enabled: true}}
            compatibility: {schema1: {enabled: true}}
            http: {addr: "127.0.0.1:0"\(http.isEmpty ? "" : ", \(http)")}
            \(more)
            """
        let script = #"printf '%s\n' "$1" > "$2" && exec docker-registry serve "$2""#
        directory = try SharedDirectory(
            "registry", files: files, running: ["bash", "-c", script, "bash", configuration, "DIRECTORY/config.yml"])
        // It is told a port that is free, and tells which one.
        var port: Substring?
        for _ in 0..<300 where port == nil {
            port = Self.log(directory).firstMatch(of: /listening on 127\.0\.0\.1:(\d+)/)?.output.1
            if port == nil { usleep(100_000) }
        }
        guard let port else { throw Silent(log: Self.log(directory)) }
        name = "127.0.0.1:\(port)"
    }

    private static func log(_ directory: SharedDirectory) -> String {
        (try? String(contentsOfFile: "\(directory.path)/log", encoding: .utf8)) ?? ""
    }

    /// The requests so far that have some text in them, such as `GET /v2/app/blobs/`.
    func requests(_ text: String) -> [String] {
        Self.log(directory).split(separator: "\n").map(String.init).filter {
            $0.contains(" - - [") && $0.contains(text)
        }
    }

    /// Pushes an image with skopeo.
    ///
    /// - Parameters:
    ///   - source: as skopeo names it: `dir:…`.
    ///   - name: repository and tag.
    func push(_ source: String, to name: String, _ options: [String] = []) throws {
        try Program.output(
            ["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false"] + options + [
                source, "docker://\(self.name)/\(name)",
            ])
    }

    /// Puts a manifest as it is.
    ///
    /// - Returns: its digest.
    @discardableResult
    func put(_ manifest: String, _ mediaType: String, as name: String) throws -> String {
        let script = """
            import sys, urllib.request
            request = urllib.request.Request(
                sys.argv[1], method="PUT", headers={"Content-Type": sys.argv[2]}, data=sys.stdin.buffer.read())
            print(urllib.request.urlopen(request).headers["Docker-Content-Digest"], end="")
            """
        let parts = name.split(separator: ":")
        let url = "http://\(self.name)/v2/\(parts[0])/manifests/\(parts[1])"
        return String(
            decoding: try Program.python(script, [url, mediaType], input: Array(manifest.utf8)), as: UTF8.self)
    }

    /// Has a repository forget a blob.
    func delete(_ digest: String, of repository: String) throws {
        let script = """
            import sys, urllib.request
            urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="DELETE"))
            """
        _ = try Program.python(script, ["http://\(name)/v2/\(repository)/blobs/\(digest)"])
    }

    /// The docker-archive that skopeo makes of an image.
    ///
    /// - Parameters:
    ///   - image: repository and tag or digest: `app:1`.
    ///   - name: what it is called in the archive, name and tag.
    ///   - path: where the archive is written.
    func archive(_ image: String, as name: String, to path: String, _ options: [String] = []) throws {
        try Program.output(
            ["skopeo", "--insecure-policy"] + options + [
                "copy", "--quiet", "--src-tls-verify=false", "docker://\(self.name)/\(image)",
                "docker-archive:\(path):\(name)",
            ])
    }
}
