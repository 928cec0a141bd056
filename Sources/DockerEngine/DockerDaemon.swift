package import ByteIO
import Errors
import Images
import JSON
import NIOHTTP1
import NIOSSL
package import OCI
import Registry
import Synchronization

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

    /// How a daemon keeps images, and so what an archive may leave out because the daemon has it.
    package enum Reuse: Equatable, Sendable {
        /// Docker's own store: images, and layers above layers that it has.
        case chains
        /// Docker's image store with containerd, which identifies an image by its manifest: images and blobs that this
        /// program sent. Before version 1.48 of the API it does not tell which of an image's blobs it has: nothing.
        case blobs(areListed: Bool)
        /// podman's storage: images and, in an OCI layout, layers.
        case layers
    }

    /// The daemon's address.
    package let host: DockerHost
    private let ssh = Mutex<SSHConnections?>(nil)
    private let transport: HTTPTransport
    /// A transport with a short timeout, to find out whether a daemon is running.
    private let pingTransport: HTTPTransport

    /// Seconds to wait for the response to a ping.
    private static let pingTimeout = 30.0
    /// The same by ssh, which may take 30 s for its own connection.
    private static let sshPingTimeout = 90.0
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
        if case .ssh = host.way {
            pingTransport = transport(Self.sshPingTimeout)
        } else {
            pingTransport = transport(Self.pingTimeout)
        }
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
        if ping.header("Libpod-API-Version") != nil { return Kind(reuse: .layers, name: "podman") }
        let info = try value("/info")
        let version = info["ServerVersion"]?.string.map { " " + TerminalText.printable(Array($0.utf8)) } ?? ""
        let status = info["DriverStatus"]?.array ?? []
        guard status.contains(where: { $0.strings == ["driver-type", "io.containerd.snapshotter.v1"] }) else {
            return Kind(reuse: .chains, name: "Docker\(version)")
        }
        return Kind(
            reuse: .blobs(areListed: Self.listsBlobs(ping.header("API-Version"))),
            name: "Docker\(version) with containerd's image store")
    }

    /// Whether a version of the API has `manifests` in the details of an image: 1.48 and newer.
    private static func listsBlobs(_ version: String?) -> Bool {
        let numbers = (version ?? "").split(separator: ".").map { Int($0) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return false }
        return (major, minor) >= (1, 48)
    }

    /// The chain IDs of all layers of the daemon's images.
    package func chains() throws -> Set<Digest> {
        Set(try images().flatMap { try ChainID.all($0.diffIDs) })
    }

    /// The digests of the layers of the daemon's images, wherever in an image they are.
    package func layers() throws -> Set<Digest> { Set(try images().flatMap(\.diffIDs)) }

    /// The layers that Docker's image store with containerd has as uncompressed blobs, with their sizes in bytes: those of
    /// images that this program sent, as far as the daemon has them completely.
    package func blobs() throws -> [Digest: UInt64] {
        let images = try images(withManifests: true).filter { $0.isComplete == true }
        return images.reduce(into: [:]) { blobs, image in
            guard let record = image.annotations[ManifestRecord.annotation], let id = Digest(image.id) else { return }
            let layers = ManifestRecord.layers(record, diffIDs: image.diffIDs, id: id) ?? [:]
            blobs.merge(layers) { first, _ in first }
        }
    }

    /// The details of all images, intermediate ones too. An image that was removed in the meantime is left out.
    private func images(withManifests: Bool = false) throws -> [Known] {
        let list = try value("/images/json?all=1").array ?? []
        let ids = Set(list.compactMap { $0["Id"]?.string })
        return try OrderedThreadPool.map(Array(ids)) { try self.image($0, withManifests: withManifests) }
            .compactMap { $0 }
    }

    /// The details of an image of the daemon.
    package struct Known: Sendable {
        /// The image ID: `sha256:…`.
        package let id: String
        let names: [String]
        let diffIDs: [Digest]
        /// The annotations that the image was loaded with. Docker's image store with containerd has them.
        let annotations: [String: String]
        /// Whether the daemon has all blobs of the image whose manifest is its ID; nil if it does not tell.
        package let isComplete: Bool?

        /// The daemon's spelling of a name; nil if the image does not have the name. podman puts `localhost/` before
        /// names without a registry.
        package func spelling(of name: ImageName) -> String? {
            ["\(name)", "\(name.familiar)", "\(name.full)", "localhost/\(name)"].first { names.contains($0) }
        }

        fileprivate init?(_ value: JSONValue) {
            guard let id = value["Id"]?.string else { return nil }
            self.id = id
            names = value["RepoTags"]?.strings ?? []
            diffIDs = (value["RootFS"]?["Layers"]?.strings ?? []).compactMap { Digest($0) }
            annotations = (value["Descriptor"]?["annotations"]?.object ?? [:]).compactMapValues(\.string)
            isComplete = value["Manifests"]?.array?.first { $0["ID"]?.string == id }?["Available"]?.bool
        }
    }

    /// Finds an image.
    ///
    /// - Parameters:
    ///   - name: a name or an ID.
    ///   - withManifests: whether the daemon is asked for the blobs that it has.
    /// - Returns: nil if the daemon has no such image.
    package func image(_ name: String, withManifests: Bool = false) throws -> Known? {
        let response = try send(.GET, "/images/\(Self.path(name))/json" + (withManifests ? "?manifests=true" : ""))
        if response.status == 404 {
            response.discard()
            return nil
        }
        let value = try value(of: response, to: "GET /images/\(name)/json")
        guard let known = Known(value) else { throw error("its image '\(name)' has no ID", Self.checkAddress) }
        return known
    }

    /// Adds a name to an image.
    package func tag(_ id: String, _ name: ImageName) throws {
        let query = "?repo=\(HTTPURL.encoded(name.name ?? ""))&tag=\(HTTPURL.encoded(name.tag ?? ""))"
        let target = "/images/\(Self.path(id))/tag"
        let response = try send(.POST, target + query)
        guard response.isSuccess else { throw error(response, to: "POST \(target)") }
        response.discard()
    }

    /// Loads an archive that is generated while it is sent.
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
            // The image store with containerd reports success all the same (moby, daemon/containerd/image_exporter.go).
            if let text = message["stream"]?.string, text.hasPrefix("Error unpacking image") {
                throw DaemonLoadError(message: TerminalText.printable(Array(text.utf8.filter { $0 != 0x0A })))
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
        let origin = try origin
        // HTTP/1.1 requires a Host, and a socket has no name of its own.
        if case .socket = origin { headers.replaceOrAdd(name: "Host", value: "docker") }
        do {
            return try (transport ?? self.transport).send(
                HTTPRequest(method, HTTPURL(origin, target), headers: headers, body: body))
        } catch let error as HTTPError {
            throw self.error(error)
        }
    }

    /// The server that requests are sent to. For ssh it is a socket of this process, made for the first request.
    private var origin: HTTPOrigin {
        get throws {
            switch host.way {
            case .direct(let origin): return origin
            case .ssh(let address, let environment):
                return try ssh.withLock { ssh in
                    let connections = try ssh ?? SSHConnections.start(address, environment: environment)
                    ssh = connections
                    return .socket(path: connections.path)
                }
            }
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
        if case .ssh(let address, _) = host.way, [.closed, .connect, .malformed].contains(error.kind),
            let cause = ssh.withLock({ $0 })?.failure()
        {
            return self.error(
                cause,
                "check that `\(address.arguments.joined(separator: " "))` connects; ssh cannot ask for a password here")
        }
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

    /// - Parameter message: the daemon's message, safe to print.
    package init(message: String) {
        self.message = message
    }
}
