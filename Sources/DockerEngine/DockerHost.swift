import ByteIO
import Errors
import Glibc
import JSON
import NIOSSL
import OCI
import Registry
import SystemPackage

/// The address of a Docker daemon or of podman's service.
package struct DockerHost: Sendable {
    /// How a daemon is reached.
    enum Way: Sendable {
        /// By HTTP to its own address.
        case direct(HTTPOrigin)
        /// Through ssh processes, which get an environment.
        case ssh(SSHAddress, environment: [String: String])
    }

    let way: Way
    /// The TLS settings; nil for a connection without TLS.
    let tls: TLSConfiguration?
    /// The address as docker writes it: `unix:///var/run/docker.sock`.
    package let name: String

    /// Reads the TLS settings of a daemon that is reached by TCP; returns nil if it does not use TLS.
    typealias Certificates = () throws -> TLSConfiguration?

    /// Finds the daemon as docker does: by the given address, `$DOCKER_HOST`, docker's current context, or Docker's
    /// default socket; podman's socket if Docker's does not exist.
    ///
    /// - Parameter address: nil to use the environment and docker's settings.
    /// - Throws: `ToolError` with code `usage` for an invalid or unsupported address, `data` for certificates or a
    ///   context that cannot be read.
    package static func find(_ address: String?, environment: [String: String]) throws -> DockerHost {
        let certificates: Certificates = { try DaemonCertificates.configuration(environment) }
        if let address { return try DockerHost(address, environment: environment, certificates) }
        if let address = environment.variable("DOCKER_HOST") {
            return try DockerHost(address, from: "DOCKER_HOST", environment: environment, certificates)
        }
        if let context = try DockerContext.current(environment) {
            return try DockerHost(
                context.host, from: "docker's context '\(context.name)'", environment: environment, context.certificates
            )
        }
        let runtime = environment.variable("XDG_RUNTIME_DIR").map { "\($0)/podman/podman.sock" }
        let sockets = ["/var/run/docker.sock", runtime, "/run/podman/podman.sock"].compactMap { $0 }
        return DockerHost(socket: sockets.first { access($0, F_OK) == 0 } ?? sockets[0])
    }

    private init(_ origin: HTTPOrigin, tls: TLSConfiguration? = nil, name: String) {
        (way, self.tls, self.name) = (.direct(origin), tls, name)
    }

    private init(ssh address: SSHAddress, environment: [String: String]) {
        (way, tls, name) = (.ssh(address, environment: environment), nil, "\(address)")
    }

    private init(socket path: String) {
        self.init(.socket(path: path), name: "unix://\(path)")
    }

    /// Parses an address: `unix:///var/run/docker.sock`, `tcp://HOST:2375`, `ssh://USER@HOST`.
    ///
    /// - Parameter source: where the address was found, for errors; nil for an address that the caller passed.
    private init(
        _ address: String, from source: String? = nil, environment: [String: String], _ certificates: Certificates
    ) throws {
        func failure(_ cause: String, _ remedy: Remedy) -> ToolError {
            ToolError(
                .usage,
                "cannot use the Docker daemon '\(TerminalText.printable(Array(address.utf8)))'"
                    + (source.map { " of \($0)" } ?? ""), cause: cause, remedy: remedy)
        }
        let forms: Remedy =
            "write it as unix:///var/run/docker.sock, ssh://USER@HOST, tcp://HOST:2375 or, with TLS, tcp://HOST:2376"
        guard let mark = address.firstRange(of: "://") else { throw failure("it is not an address", forms) }
        let (scheme, rest) = (address[..<mark.lowerBound], address[mark.upperBound...])
        switch scheme {
        case "unix":
            // sockaddr_un has room for 107 bytes and a zero (unix(7)).
            guard rest.hasPrefix("/"), rest.utf8.count < 108 else {
                throw failure("a socket is an absolute path of at most 107 bytes", forms)
            }
            self.init(socket: String(rest))
        case "tcp", "http", "https":
            let tls =
                scheme == "http" ? nil : try certificates() ?? (scheme == "https" ? .makeClientConfiguration() : nil)
            let web: HTTPScheme = tls == nil ? .http : .https
            let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
            guard !authority.contains("/"), let (host, port) = HostAndPort.split(authority),
                let url = HTTPURL("\(web.rawValue)://\(authority)/"), url.origin.host == host.lowercased()
            else { throw failure("it has no valid host and port", forms) }
            self.init(
                .web(scheme: web, host: host.lowercased(), port: port ?? (tls == nil ? 2375 : 2376)), tls: tls,
                name: "\(scheme)://\(authority)")
        case "ssh":
            do {
                try self.init(ssh: SSHAddress(rest), environment: environment)
            } catch {
                throw failure(error.cause, "write it as ssh://USER@HOST or ssh://USER@HOST:PORT/run/docker.sock")
            }
        default:
            throw failure("the scheme '\(TerminalText.printable(Array(scheme.utf8)))' is not supported", forms)
        }
    }
}

/// A named daemon of docker's settings, selected by `docker context use`.
///
/// Source: docker/cli, `cli/context/store`.
struct DockerContext {
    let name: String
    /// The address of the daemon: `tcp://HOST:2376`.
    let host: String
    /// docker's environment variables for the context's certificates.
    private let environment: [String: String]

    /// The most bytes of a settings file: 1 MiB.
    private static let limit = 1 << 20

    /// The context selected by `$DOCKER_CONTEXT` or docker's settings; nil for the default context.
    ///
    /// - Throws: `ToolError` with code `data` for a missing or invalid context.
    static func current(_ environment: [String: String]) throws -> DockerContext? {
        let home = environment["HOME"].map { FilePath($0).appending(".docker") }
        guard let directory = environment.variable("DOCKER_CONFIG").map({ FilePath($0) }) ?? home
        else { return nil }
        let named = environment.variable("DOCKER_CONTEXT")
        // Unreadable settings select no context; CredentialFile reports them where they matter.
        let settings = try? value(directory.appending("config.json"))
        guard let name = named ?? settings?["currentContext"]?.string, !name.isEmpty, name != "default" else {
            return nil
        }
        return try read(name, in: directory.appending("contexts"))
    }

    private static func read(_ name: String, in directory: FilePath) throws -> DockerContext {
        let id = try SHA256.digest(of: Array(name.utf8)).hex
        let path = directory.appending("meta").appending(id).appending("meta.json")
        let invalid = { (cause: String) in
            ToolError(
                .data, "cannot use docker's context '\(name)'", cause: cause,
                remedy: "list the contexts with `docker context ls`, or name the daemon with \(.host)")
        }
        let endpoint: JSONValue?
        do {
            endpoint = try value(path)["Endpoints"]?["docker"]
        } catch let error as Errno {
            throw invalid("cannot read '\(path)': \(error)")
        }
        guard let host = endpoint?["Host"]?.string else { throw invalid("'\(path)' names no Docker daemon") }
        var environment = ["DOCKER_CERT_PATH": directory.appending("tls").appending(id).appending("docker").string]
        if endpoint?["SkipTLSVerify"]?.bool != true { environment["DOCKER_TLS_VERIFY"] = "1" }
        return DockerContext(name: name, host: host, environment: environment)
    }

    /// The TLS settings of the daemon; nil for a context without certificates.
    func certificates() throws -> TLSConfiguration? {
        let directory = FilePath(environment["DOCKER_CERT_PATH"] ?? "")
        guard directory.withPlatformString({ access($0, F_OK) }) == 0 else { return nil }
        return try DaemonCertificates.configuration(environment)
    }

    private static func value(_ path: FilePath) throws -> JSONValue {
        try JSONValue(parsing: SmallFile.read(path, limit: limit), source: "'\(path)'", limit: limit)
    }
}

/// The certificates for a Docker daemon that is reached by TCP, as docker's environment variables name them.
///
/// `$DOCKER_CERT_PATH` is a directory with ca.pem, cert.pem and key.pem, by default docker's settings directory. If
/// `$DOCKER_TLS_VERIFY` is not empty, the daemon's certificate must be signed by ca.pem.
enum DaemonCertificates {
    /// Reads the certificates.
    ///
    /// - Returns: nil if the variables do not request TLS.
    /// - Throws: `ToolError` that names a missing or invalid file.
    static func configuration(_ environment: [String: String]) throws -> TLSConfiguration? {
        let isVerified = environment.variable("DOCKER_TLS_VERIFY") != nil
        let named = environment.variable("DOCKER_CERT_PATH")
        guard isVerified || named != nil || environment.variable("DOCKER_TLS") != nil else { return nil }
        let home = environment.variable("HOME").map { FilePath($0).appending(".docker") }
        let directory = (named ?? environment.variable("DOCKER_CONFIG")).map { FilePath($0) } ?? home ?? "/root/.docker"

        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if isVerified {
            configuration.trustRoots = .certificates(try CertificateFile.certificates(directory.appending("ca.pem")))
        } else {
            configuration.certificateVerification = .none
        }
        let (certificate, key) = (directory.appending("cert.pem"), directory.appending("key.pem"))
        // A daemon may accept clients without a certificate.
        if [certificate, key].contains(where: { $0.withPlatformString { access($0, F_OK) == 0 } }) {
            try ClientCertificate.read(certificate, key: key).present(in: &configuration)
        }
        return configuration
    }
}
