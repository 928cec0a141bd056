import Failures
import Glibc
import NIOSSL
import SystemPackage
import Tar

/// Where a Docker daemon, or podman's service, listens.
public struct DockerHost: Sendable {
    let origin: HTTPOrigin
    /// Nil where there is no TLS.
    let tls: TLSConfiguration?
    /// As docker writes it: `unix:///var/run/docker.sock`.
    public let name: String

    /// What is believed of it, and who we are, where it is reached by TCP.
    typealias Certificates = () throws -> TLSConfiguration?

    /// Finds it as docker does: what `--host` says, else `$DOCKER_HOST`, else docker's current context, else Docker's
    /// socket; podman's where that one is not there.
    ///
    /// - Parameter option: what `--host` says.
    /// - Throws: `Failure` with code `usage` for an address that is none, or of a kind that is not spoken here; with code
    ///   `data` for certificates or a context that cannot be read.
    public init(_ option: String?, environment: [String: String]) throws {
        let certificates: Certificates = { try DaemonCertificates.configuration(environment) }
        if let option {
            try self.init(address: option, "--host", certificates)
        } else if let address = environment.variable("DOCKER_HOST") {
            try self.init(address: address, "DOCKER_HOST", certificates)
        } else if let context = try DockerContext.current(environment) {
            try self.init(address: context.host, "docker's context '\(context.name)'", context.certificates)
        } else {
            let runtime = environment.variable("XDG_RUNTIME_DIR").map { "\($0)/podman/podman.sock" }
            let sockets = ["/var/run/docker.sock", runtime, "/run/podman/podman.sock"].compactMap { $0 }
            self.init(socket: sockets.first { access($0, F_OK) == 0 } ?? sockets[0])
        }
    }

    private init(_ origin: HTTPOrigin, tls: TLSConfiguration?, name: String) {
        (self.origin, self.tls, self.name) = (origin, tls, name)
    }

    private init(socket path: String) {
        self.init(.socket(path: path), tls: nil, name: "unix://\(path)")
    }

    /// - Parameter source: who says so, for errors.
    init(address: String, _ source: String, _ certificates: Certificates) throws {
        func fault(_ why: String, _ advice: String) -> Failure {
            Failure(
                .usage,
                "cannot use the Docker daemon '\(TarName.printable(Array(address.utf8)))', which \(source) names",
                why: why, advice: advice)
        }
        let forms = "write it as unix:///var/run/docker.sock, tcp://HOST:2375 or, with TLS, tcp://HOST:2376"
        guard let mark = address.firstRange(of: "://") else { throw fault("it is no address", forms) }
        let (scheme, rest) = (address[..<mark.lowerBound], address[mark.upperBound...])
        switch scheme {
        case "unix":
            guard rest.hasPrefix("/"), rest.utf8.count < 108 else {
                throw fault("a socket is an absolute path of at most 107 bytes", forms)
            }
            self.init(socket: String(rest))
        case "tcp", "http", "https":
            let tls =
                scheme == "http" ? nil : try certificates() ?? (scheme == "https" ? .makeClientConfiguration() : nil)
            let web: HTTPScheme = tls == nil ? .http : .https
            let place = rest.hasSuffix("/") ? rest.dropLast() : rest
            guard !place.contains("/"), let (host, port) = HostAndPort.split(place),
                let address = HTTPAddress("\(web.rawValue)://\(place)/"), address.origin.host == host.lowercased()
            else { throw fault("it names no host and port", forms) }
            self.init(
                .web(scheme: web, host: host.lowercased(), port: port ?? (tls == nil ? 2375 : 2376)), tls: tls,
                name: "\(scheme)://\(place)")
        case "ssh":
            throw fault(
                "this program does not speak SSH",
                "forward its socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST, and --host unix:///tmp/docker.sock"
            )
        default: throw fault("'\(TarName.printable(Array(scheme.utf8)))' is not spoken here", forms)
        }
    }

    /// The address of something that is asked of it.
    func address(_ target: String) -> HTTPAddress { HTTPAddress(origin, target) }
}
