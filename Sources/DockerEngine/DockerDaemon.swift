package import ByteIO
import Errors
import Images
import JSON
import NIOHTTP1
import NIOSSL
package import OCI
import Registry

/// The HTTP API of a Docker daemon or of podman's service.
///
/// All methods block the calling thread until the daemon responds: call them outside Swift's cooperative pool.
///
/// Source: Docker Engine API. Paths without a version use the newest version of the daemon.
package final class DockerDaemon: Sendable {
    /// The properties of a daemon that matter for loading images.
    package struct Kind: Sendable {
        /// What need not be sent because the daemon has it.
        package let reuse: Reuse
        /// The product and its version: `Docker 20.10.24`, `podman`.
        package let name: String
    }

    /// What an archive may leave out because the daemon has it.
    package enum Reuse: Sendable {
        /// Nothing: containerd's image store identifies images by other digests and requires all layers.
        case nothing
        /// Complete images: podman requires all layers of an image that it does not have.
        case images
        /// Images and layers.
        case layers
    }

    /// The daemon's address.
    package let host: DockerHost
    private let transport: HTTPTransport
    /// A transport with a short timeout, to find out whether a daemon is running.
    private let pingTransport: HTTPTransport

    /// Seconds to wait for the response to a ping.
    private static let pingTimeout = 30.0
    /// Seconds to wait for other responses: a daemon sends nothing while it assembles or unpacks an image.
    private static let timeout = 3600.0
    /// The most bytes of a list of images, or of the details of one: 64 MiB.
    private static let limit = 64 << 20

    /// Connects to the daemon with the first request.
    package init(_ host: DockerHost) {
        self.host = host
        let transport = { (timeout: Double) in
            HTTPTransport { _ in HTTPSettings(tls: host.tls ?? .makeClientConfiguration(), timeout: timeout) }
        }
        self.transport = transport(Self.timeout)
        pingTransport = transport(Self.pingTimeout)
    }

    /// Identifies the daemon.
    ///
    /// - Throws: `ToolError` with code `unavailable` if there is none.
    package func kind() throws -> Kind {
        let ping = try send(.GET, "/_ping", by: pingTransport)
        ping.discard()
        guard ping.isSuccess, ping.header("API-Version") != nil else {
            throw error(
                "the server that returned \(ping.status) to GET /_ping is not a Docker daemon", Self.checkAddress)
        }
        if ping.header("Libpod-API-Version") != nil { return Kind(reuse: .images, name: "podman") }
        let info = try value("/info")
        let version = info["ServerVersion"]?.string.map { " " + TerminalText.printable(Array($0.utf8)) } ?? ""
        let status = info["DriverStatus"]?.array ?? []
        let usesContainerd = status.contains { $0.strings == ["driver-type", "io.containerd.snapshotter.v1"] }
        return Kind(
            reuse: usesContainerd ? .nothing : .layers,
            name: "Docker\(version)" + (usesContainerd ? " with containerd's image store" : ""))
    }

    /// The chain IDs of all layers of the daemon's images.
    package func chains() throws -> Set<Digest> {
        let images = try value("/images/json?all=1").array ?? []
        let ids = Set(images.compactMap { $0["Id"]?.string })
        // An image that was removed in the meantime has no layers.
        let chains = try OrderedThreadPool.map(Array(ids)) { try ChainID.all(self.image($0)?.diffIDs ?? []) }
        return Set(chains.joined())
    }

    /// The details of an image of the daemon.
    package struct Known: Sendable {
        /// The image ID: `sha256:…`.
        package let id: String
        let names: [String]
        let diffIDs: [Digest]

        /// The daemon's spelling of a name; nil if the image does not have the name. podman puts `localhost/` before
        /// names without a registry.
        package func spelling(of name: ImageName) -> String? {
            ["\(name)", "\(name.familiar)", "\(name.full)", "localhost/\(name)"].first { names.contains($0) }
        }
    }

    /// Finds an image.
    ///
    /// - Parameter name: a name or an ID.
    /// - Returns: nil if the daemon has no such image.
    package func image(_ name: String) throws -> Known? {
        let response = try send(.GET, "/images/\(Self.path(name))/json")
        if response.status == 404 {
            response.discard()
            return nil
        }
        let value = try value(of: response, to: "GET /images/\(name)/json")
        guard let id = value["Id"]?.string else { throw error("its image '\(name)' has no ID", Self.checkAddress) }
        let layers = value["RootFS"]?["Layers"]?.strings ?? []
        return Known(
            id: id, names: value["RepoTags"]?.strings ?? [], diffIDs: layers.compactMap { Digest($0) })
    }

    /// Adds a name to an image.
    package func tag(_ id: String, _ name: ImageName) throws {
        let query = "?repo=\(HTTPURL.encoded(name.name ?? ""))&tag=\(HTTPURL.encoded(name.tag ?? ""))"
        let target = "/images/\(Self.path(id))/tag"
        let response = try send(.POST, target + query)
        guard response.isSuccess else { throw error(response, to: "POST \(target)") }
        response.discard()
    }

    /// Loads a docker-archive that is generated while it is sent.
    ///
    /// - Parameter write: writes the archive.
    /// - Throws: `DaemonLoadError` if the daemon rejects the archive; errors of `write`.
    package func load(_ write: @escaping @Sendable (any ByteSink) throws -> Void) throws {
        let response = try send(
            .POST, "/images/load?quiet=1", headers: ["Content-Type": "application/x-tar"],
            body: .stream(size: nil, write: write))
        guard response.isSuccess else { throw DaemonLoadError(message: Self.message(of: response)) }
        var messages = DaemonMessages(body(response))
        while let message = try messages.next() {
            if let text = message["errorDetail"]?["message"]?.string ?? message["error"]?.string {
                throw DaemonLoadError(message: TerminalText.printable(Array(text.utf8)))
            }
        }
    }

    /// Exports an image as a docker-archive.
    ///
    /// - Parameter name: a name with its tag, or an ID.
    package func save(_ name: String) throws -> any ByteSource {
        let target = "/images/\(Self.path(name))/get"
        let response = try send(.GET, target)
        guard response.isSuccess else { throw error(response, to: "GET \(target)") }
        return body(response)
    }

    // MARK: Requests

    private func send(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: HTTPRequest.Body = .none,
        by transport: HTTPTransport? = nil
    ) throws -> HTTPResponse {
        var headers = headers
        headers.replaceOrAdd(name: "User-Agent", value: "dockertools")
        // HTTP/1.1 requires a Host, and a socket has no name of its own.
        if case .socket = host.origin { headers.replaceOrAdd(name: "Host", value: "docker") }
        do {
            return try (transport ?? self.transport).send(
                HTTPRequest(method, host.url(target), headers: headers, body: body))
        } catch let error as HTTPError {
            throw self.error(error)
        }
    }

    private func body(_ response: HTTPResponse) -> any ByteSource {
        DaemonBody(response.body) { [self] in error($0) }
    }

    private func value(_ target: String) throws -> JSONValue {
        try value(of: send(.GET, target), to: "GET \(target)")
    }

    private func value(of response: HTTPResponse, to request: String) throws -> JSONValue {
        guard response.isSuccess else { throw error(response, to: request) }
        do {
            guard let bytes = try response.bytes(limit: Self.limit) else {
                throw error("its response to \(request) is larger than \(Self.limit) bytes", Self.checkAddress)
            }
            return try JSONValue(parsing: bytes, source: "the daemon's response to \(request)", limit: Self.limit)
        } catch let error as HTTPError {
            throw self.error(error)
        }
    }

    /// Percent-encodes a name for a path, except for slashes and colons, as docker does.
    private static func path(_ name: String) -> String {
        name.split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.split(separator: ":", omittingEmptySubsequences: false).map { HTTPURL.encoded(String($0)) }
                .joined(separator: ":")
        }.joined(separator: "/")
    }

    // MARK: Errors

    private static let checkAddress: Remedy = "check that a Docker daemon runs at this address"

    private func error(_ cause: String, _ remedy: Remedy) -> ToolError {
        ToolError(.unavailable, "cannot use the Docker daemon at \(host.name)", cause: cause, remedy: remedy)
    }

    private func error(_ error: HTTPError) -> ToolError {
        let remedy: Remedy =
            switch error.kind {
            case .connect where error.description == "permission denied":
                "run as a user that may access the daemon: root, or a member of the group docker"
            case .connect: "start it (systemctl start docker), or name another with \(.host) or DOCKER_HOST"
            case .tls: "set DOCKER_CERT_PATH to a directory with its ca.pem, cert.pem and key.pem"
            case .timeout, .closed: "check the daemon's log (journalctl -u docker), and try again"
            case .malformed: Self.checkAddress
            }
        return self.error(error.description, remedy)
    }

    /// The error for an unsuccessful response.
    private func error(_ response: HTTPResponse, to request: String) -> ToolError {
        let message = Self.message(of: response)
        return error(
            "\(request) returned \(response.status)" + (message.isEmpty ? "" : ": \(message)"),
            "check the daemon's log (journalctl -u docker)")
    }

    /// The message of an unsuccessful response, safe to print; the status if there is no message.
    private static func message(of response: HTTPResponse) -> String {
        let bytes = (try? response.bytes(limit: ImageLimits.json)).flatMap { $0 } ?? []
        let value = try? JSONValue(parsing: bytes, source: "the daemon's response", limit: ImageLimits.json)
        let text = value?["message"]?.string ?? value?["cause"]?.string ?? "HTTP \(response.status)"
        return TerminalText.printable(Array(text.utf8.prefix(2000)))
    }
}

/// The reason why a daemon rejected an image.
package struct DaemonLoadError: Error {
    /// The daemon's message, safe to print.
    package let message: String
}
