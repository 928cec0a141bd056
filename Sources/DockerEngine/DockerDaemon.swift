import ByteIO
import Errors
import Images
import JSON
import NIOHTTP1
import OCI
import Registry

/// A Docker daemon, or podman's service, by its HTTP API.
///
/// Source: the Docker Engine API. Paths without a version mean the newest that the daemon knows.
package final class DockerDaemon: Sendable {
    /// What the daemon is, as far as it matters to those who bring images.
    package struct Kind: Sendable {
        /// How much need not be sent because it has it.
        package let spares: Spared
        /// For people: `Docker 20.10.24`, `podman`.
        package let name: String
    }

    /// What need not be sent to a daemon that has it.
    package enum Spared: Sendable {
        /// Nothing: containerd's store knows images by other digests, and wants all layers.
        case nothing
        /// An image that it has: podman wants all layers of one that it has not.
        case images
        /// Layers, too.
        case layers
    }

    package let host: DockerHost
    private let transport: HTTPTransport
    /// The same for those who ask whether it is there at all.
    private let doorbell: HTTPTransport

    /// Seconds that a connection may take.
    private static let patience = 30.0
    /// Seconds that the daemon may be silent: it says nothing while it puts an image together or unpacks one.
    private static let longPatience = 3600.0
    /// Bytes of a list of images, or of all that is known of one.
    private static let limit = 64 << 20

    package init(_ host: DockerHost) {
        self.host = host
        let transport = { (patience: Double) in
            HTTPTransport { _ in HTTPSettings(tls: host.tls ?? .makeClientConfiguration(), patience: patience) }
        }
        self.transport = transport(Self.longPatience)
        doorbell = transport(Self.patience)
    }

    /// Asks what it is.
    ///
    /// - Throws: `ToolError` with code `unavailable` if there is none.
    package func kind() throws -> Kind {
        let ping = try send(.GET, "/_ping", by: doorbell)
        ping.discard()
        guard ping.isSuccess, ping.header("API-Version") != nil else {
            throw failure("what answers GET /_ping with \(ping.status) is no Docker daemon", "check the address")
        }
        if ping.header("Libpod-API-Version") != nil { return Kind(spares: .images, name: "podman") }
        let info = try value("/info")
        let version = info["ServerVersion"]?.string.map { " " + TerminalText.printable(Array($0.utf8)) } ?? ""
        let status = info["DriverStatus"]?.array ?? []
        let usesContainerd = status.contains { $0.strings == ["driver-type", "io.containerd.snapshotter.v1"] }
        return Kind(
            spares: usesContainerd ? .nothing : .layers,
            name: "Docker\(version)" + (usesContainerd ? " with containerd's store" : ""))
    }

    /// The chain IDs of all layers that belong to its images.
    package func chains() throws -> Set<Digest> {
        let images = try value("/images/json?all=1").array ?? []
        let ids = Set(images.compactMap { $0["Id"]?.string })
        // One that was removed since has none.
        let chains = try OrderedThreadPool.map(Array(ids)) { try ChainID.all(self.image($0)?.diffIDs ?? []) }
        return Set(chains.joined())
    }

    /// What it knows of one of its images.
    package struct Known: Sendable {
        /// `sha256:…`
        package let id: String
        let names: [String]
        let diffIDs: [Digest]

        /// How the daemon spells one of the names; nil if the image does not have it. podman puts `localhost/` before those
        /// without a registry.
        package func spelling(of name: ImageName) -> String? {
            ["\(name)", "\(name.familiar)", "\(name.full)", "localhost/\(name)"].first { names.contains($0) }
        }
    }

    /// - Parameter name: a name or an ID.
    /// - Returns: nil if it has none of that name.
    package func image(_ name: String) throws -> Known? {
        let response = try send(.GET, "/images/\(Self.path(name))/json")
        if response.status == 404 {
            response.discard()
            return nil
        }
        let value = try value(of: response, to: "GET /images/\(name)/json")
        guard let id = value["Id"]?.string else { throw failure("its image '\(name)' has no ID", Self.odd) }
        let layers = value["RootFS"]?["Layers"]?.strings ?? []
        return Known(
            id: id, names: value["RepoTags"]?.strings ?? [], diffIDs: layers.compactMap { Digest($0) })
    }

    /// Gives an image one more name.
    package func tag(_ id: String, _ name: ImageName) throws {
        let query = "?repo=\(HTTPURL.encoded(name.name ?? ""))&tag=\(HTTPURL.encoded(name.tag ?? ""))"
        let target = "/images/\(Self.path(id))/tag"
        let response = try send(.POST, target + query)
        guard response.isSuccess else { throw refusal(response, to: "POST \(target)") }
        response.discard()
    }

    /// Loads a docker-archive that is written while it is sent.
    ///
    /// - Parameter write: writes the archive.
    /// - Throws: `DaemonRefusal` if the daemon does not take it; what `write` throws.
    package func load(_ write: @escaping @Sendable (any ByteSink) throws -> Void) throws {
        let response = try send(
            .POST, "/images/load?quiet=1", headers: ["Content-Type": "application/x-tar"],
            body: .stream(size: nil, write: write))
        guard response.isSuccess else { throw DaemonRefusal(words: Self.words(response)) }
        var lines = DaemonMessages(body(response))
        while let message = try lines.next() {
            if let words = message["errorDetail"]?["message"]?.string ?? message["error"]?.string {
                throw DaemonRefusal(words: TerminalText.printable(Array(words.utf8)))
            }
        }
    }

    /// A docker-archive of one of its images.
    ///
    /// - Parameter name: a name with its tag, or an ID.
    package func save(_ name: String) throws -> any ByteSource {
        let target = "/images/\(Self.path(name))/get"
        let response = try send(.GET, target)
        guard response.isSuccess else { throw refusal(response, to: "GET \(target)") }
        return body(response)
    }

    // MARK: Requests

    private func send(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: HTTPRequest.Body = .none,
        by transport: HTTPTransport? = nil
    ) throws -> HTTPResponse {
        var headers = headers
        headers.replaceOrAdd(name: "User-Agent", value: "dockertools")
        // A proxy or a daemon tells hosts apart by it; a socket has none.
        if case .socket = host.origin { headers.replaceOrAdd(name: "Host", value: "docker") }
        do {
            return try (transport ?? self.transport).send(
                HTTPRequest(method, host.address(target), headers: headers, body: body))
        } catch let error as HTTPError {
            throw failure(error)
        }
    }

    private func body(_ response: HTTPResponse) -> any ByteSource {
        DaemonBody(response.body) { [self] in failure($0) }
    }

    private func value(_ target: String) throws -> JSONValue {
        try value(of: send(.GET, target), to: "GET \(target)")
    }

    private func value(of response: HTTPResponse, to request: String) throws -> JSONValue {
        guard response.isSuccess else { throw refusal(response, to: request) }
        do {
            guard let bytes = try response.bytes(limit: Self.limit) else {
                throw failure("its answer to \(request) has more than \(Self.limit) bytes", Self.odd)
            }
            return try JSONValue(parsing: bytes, source: "the daemon's answer to \(request)", limit: Self.limit)
        } catch let error as HTTPError {
            throw failure(error)
        }
    }

    /// A name as a part of a path: slashes and colons stay, as docker has it.
    private static func path(_ name: String) -> String {
        name.split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.split(separator: ":", omittingEmptySubsequences: false).map { HTTPURL.encoded(String($0)) }
                .joined(separator: ":")
        }.joined(separator: "/")
    }

    // MARK: Errors

    private static let odd: Remedy = "check that a Docker daemon answers there"

    private func failure(_ cause: String, _ remedy: Remedy) -> ToolError {
        ToolError(.unavailable, "cannot use the Docker daemon at \(host.name)", cause: cause, remedy: remedy)
    }

    private func failure(_ error: HTTPError) -> ToolError {
        switch error.kind {
        case .connect where error.words == "permission denied":
            failure(error.words, "run as a user that may use it: one of the group docker, or root")
        case .connect:
            failure(error.words, "start it (systemctl start docker), or name another with --host or DOCKER_HOST")
        case .tls: failure(error.words, "set DOCKER_CERT_PATH to a directory with its ca.pem, and cert.pem and key.pem")
        case .timeout, .closed:
            failure(error.words, "look at what the daemon says (journalctl -u docker), and try again")
        case .malformed: failure(error.words, Self.odd)
        }
    }

    /// The error for an answer that is none.
    private func refusal(_ response: HTTPResponse, to request: String) -> ToolError {
        let words = Self.words(response)
        return failure(
            "\(request) was answered with \(response.status)" + (words.isEmpty ? "" : ": \(words)"),
            "look at what the daemon says (journalctl -u docker)")
    }

    /// What the daemon says of an error, fit to be printed.
    private static func words(_ response: HTTPResponse) -> String {
        let bytes = (try? response.bytes(limit: ImageLimits.json)).flatMap { $0 } ?? []
        let value = try? JSONValue(parsing: bytes, source: "the daemon's answer", limit: ImageLimits.json)
        let text = value?["message"]?.string ?? value?["cause"]?.string ?? "HTTP \(response.status)"
        return TerminalText.printable(Array(text.utf8.prefix(2000)))
    }
}

/// The daemon did not take an image.
package struct DaemonRefusal: Error {
    /// Its words, fit to be printed.
    package let words: String
}
