import Archives
import Digests
import Failures
import Glibc
import NIOSSL
import SystemPackage

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
    /// - Throws: `Failure` with code `data` for one that is not there, or is none.
    static func current(_ environment: [String: String]) throws -> DockerContext? {
        let home = environment["HOME"].map { FilePath($0).appending(".docker") }
        guard let folder = environment.variable("DOCKER_CONFIG").map({ FilePath($0) }) ?? home
        else { return nil }
        let named = environment.variable("DOCKER_CONTEXT")
        // Settings that cannot be read choose nothing: who needs what else is in them says so.
        let settings = try? value(folder.appending("config.json"))
        guard let name = named ?? settings?["currentContext"]?.string, !name.isEmpty, name != "default" else {
            return nil
        }
        return try DockerContext(name, in: folder.appending("contexts"))
    }

    private init(_ name: String, in folder: FilePath) throws {
        let id = try SHA256.digest(of: Array(name.utf8)).hex
        let path = folder.appending("meta").appending(id).appending("meta.json")
        let failure = { (why: String) in
            Failure(
                .data, "cannot use docker's context '\(name)'", why: why,
                advice: "see `docker context ls`, or name the daemon with --host")
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
        var environment = ["DOCKER_CERT_PATH": folder.appending("tls").appending(id).appending("docker").string]
        if endpoint?["SkipTLSVerify"]?.bool != true { environment["DOCKER_TLS_VERIFY"] = "1" }
        self.environment = environment
    }

    /// What is believed of the daemon, and who we are; nil for one without certificates.
    func certificates() throws -> TLSConfiguration? {
        let folder = FilePath(environment["DOCKER_CERT_PATH"] ?? "")
        guard folder.withPlatformString({ access($0, F_OK) }) == 0 else { return nil }
        return try DaemonCertificates.configuration(environment)
    }

    private static func value(_ path: FilePath) throws -> JSONValue {
        try JSONValue(parsing: SmallFile.read(path, limit: limit), source: "'\(path)'", limit: limit)
    }
}
