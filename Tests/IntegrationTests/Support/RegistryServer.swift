import Foundation
import Glibc
import TestSupport

/// A docker-registry 2.8 on loopback that only the tests use: http without authentication, unless the configuration
/// says otherwise.
struct RegistryServer {
    /// The registry did not start.
    struct NotStarted: Error {
        let log: String
    }

    private let directory: SharedDirectory
    /// The registry's name in image references: `127.0.0.1:41234`.
    let name: String

    /// The registry that the tests share, started at its first use. Each test uses its own repositories.
    static var shared: RegistryServer { get throws { try started.get() } }

    private static let started = Result { try RegistryServer() }

    /// - Parameters:
    ///   - more: additional YAML of the configuration; `DIRECTORY` in it stands for the directory of the files.
    ///   - http: additional YAML of the section `http`, such as TLS settings.
    ///   - files: the contents of files in the directory, by name.
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
        // The registry chooses a free port and logs it.
        var port: Substring?
        for _ in 0..<300 where port == nil {
            port = Self.log(directory).firstMatch(of: /listening on 127\.0\.0\.1:(\d+)/)?.output.1
            if port == nil { usleep(100_000) }
        }
        guard let port else { throw NotStarted(log: Self.log(directory)) }
        name = "127.0.0.1:\(port)"
    }

    private static func log(_ directory: SharedDirectory) -> String {
        (try? String(contentsOfFile: "\(directory.path)/log", encoding: .utf8)) ?? ""
    }

    /// The lines of the access log that contain a text, such as `GET /v2/app/blobs/`.
    func requests(_ text: String) -> [String] {
        Self.log(directory).split(separator: "\n").map(String.init).filter {
            $0.contains(" - - [") && $0.contains(text)
        }
    }

    /// Pushes an image with skopeo.
    ///
    /// - Parameters:
    ///   - source: skopeo's name of the image: `dir:…`.
    ///   - name: repository and tag.
    func push(_ source: String, to name: String, _ options: [String] = []) throws {
        try Program.output(
            ["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false"] + options + [
                source, "docker://\(self.name)/\(name)",
            ])
    }

    /// Uploads a manifest as it is.
    ///
    /// - Returns: the manifest's digest.
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

    /// Deletes a blob from a repository.
    func delete(_ digest: String, of repository: String) throws {
        let script = """
            import sys, urllib.request
            urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="DELETE"))
            """
        _ = try Program.python(script, ["http://\(name)/v2/\(repository)/blobs/\(digest)"])
    }

    /// Writes the docker-archive that skopeo makes of an image.
    ///
    /// - Parameters:
    ///   - image: repository and tag or digest: `app:1`.
    ///   - name: the image's name in the archive, with its tag.
    ///   - path: the path of the archive.
    func archive(_ image: String, as name: String, to path: String, _ options: [String] = []) throws {
        try Program.output(
            ["skopeo", "--insecure-policy"] + options + [
                "copy", "--quiet", "--src-tls-verify=false", "docker://\(self.name)/\(image)",
                "docker-archive:\(path):\(name)",
            ])
    }
}
