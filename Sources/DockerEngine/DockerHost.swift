import ByteIO
import Errors
import Glibc
import JSON
import NIOSSL
import OCI
import Registry
import SystemPackage

/// Where a Docker daemon, or podman's service, listens.
package struct DockerHost: Sendable {
    let origin: HTTPOrigin
    /// Nil where there is no TLS.
    let tls: TLSConfiguration?
    /// As docker writes it: `unix:///var/run/docker.sock`.
    package let name: String

    /// What is believed of it, and who we are, where it is reached by TCP.
    typealias Certificates = () throws -> TLSConfiguration?

    /// Finds it as docker does: what `--host` says, else `$DOCKER_HOST`, else docker's current context, else Docker's
    /// socket; podman's where that one is not there.
    ///
    /// - Parameter option: what `--host` says.
    /// - Throws: `ToolError` with code `usage` for an address that is none, or of a kind that is not spoken here; with code
    ///   `data` for certificates or a context that cannot be read.
    package init(_ option: String?, environment: [String: String]) throws {
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
        func fault(_ cause: String, _ remedy: Remedy) -> ToolError {
            ToolError(
                .usage,
                "cannot use the Docker daemon '\(TerminalText.printable(Array(address.utf8)))', which \(source) names",
                cause: cause, remedy: remedy)
        }
        let forms: Remedy = "write it as unix:///var/run/docker.sock, tcp://HOST:2375 or, with TLS, tcp://HOST:2376"
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
                let address = HTTPURL("\(web.rawValue)://\(place)/"), address.origin.host == host.lowercased()
            else { throw fault("it names no host and port", forms) }
            self.init(
                .web(scheme: web, host: host.lowercased(), port: port ?? (tls == nil ? 2375 : 2376)), tls: tls,
                name: "\(scheme)://\(place)")
        case "ssh":
            throw fault(
                "this program does not speak SSH",
                "forward its socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST, and --host unix:///tmp/docker.sock"
            )
        default: throw fault("'\(TerminalText.printable(Array(scheme.utf8)))' is not spoken here", forms)
        }
    }

    /// The address of something that is asked of it.
    func address(_ target: String) -> HTTPURL { HTTPURL(origin, target) }
}

/// A daemon that docker was told of by name: what `docker context use` chose.
///
/// Source: docker/cli, `cli/context/store`.
struct DockerContext {
    let name: String
    /// Its address, as docker writes it.
    let host: String
    /// Where its certificates are, in docker's own variables.
    private let environment: [String: String]

    /// More than this no such file has.
    private static let limit = 1 << 20

    /// The one that is chosen by `$DOCKER_CONTEXT` or in docker's settings; nil if that is the default.
    ///
    /// - Throws: `ToolError` with code `data` for one that is not there, or is none.
    static func current(_ environment: [String: String]) throws -> DockerContext? {
        let home = environment["HOME"].map { FilePath($0).appending(".docker") }
        guard let directory = environment.variable("DOCKER_CONFIG").map({ FilePath($0) }) ?? home
        else { return nil }
        let named = environment.variable("DOCKER_CONTEXT")
        // Settings that cannot be read choose nothing: who needs what else is in them says so.
        let settings = try? value(directory.appending("config.json"))
        guard let name = named ?? settings?["currentContext"]?.string, !name.isEmpty, name != "default" else {
            return nil
        }
        return try DockerContext(name, in: directory.appending("contexts"))
    }

    private init(_ name: String, in directory: FilePath) throws {
        let id = try SHA256.digest(of: Array(name.utf8)).hex
        let path = directory.appending("meta").appending(id).appending("meta.json")
        let failure = { (cause: String) in
            ToolError(
                .data, "cannot use docker's context '\(name)'", cause: cause,
                remedy: "see `docker context ls`, or name the daemon with --host")
        }
        let endpoint: JSONValue?
        do {
            endpoint = try Self.value(path)["Endpoints"]?["docker"]
        } catch let error as Errno {
            throw failure("cannot read '\(path)': \(error)")
        }
        guard let host = endpoint?["Host"]?.string else { throw failure("'\(path)' names no Docker daemon") }
        self.name = name
        self.host = host
        var environment = ["DOCKER_CERT_PATH": directory.appending("tls").appending(id).appending("docker").string]
        if endpoint?["SkipTLSVerify"]?.bool != true { environment["DOCKER_TLS_VERIFY"] = "1" }
        self.environment = environment
    }

    /// What is believed of the daemon, and who we are; nil for one without certificates.
    func certificates() throws -> TLSConfiguration? {
        let directory = FilePath(environment["DOCKER_CERT_PATH"] ?? "")
        guard directory.withPlatformString({ access($0, F_OK) }) == 0 else { return nil }
        return try DaemonCertificates.configuration(environment)
    }

    private static func value(_ path: FilePath) throws -> JSONValue {
        try JSONValue(parsing: SmallFile.read(path, limit: limit), source: "'\(path)'", limit: limit)
    }
}
