import ByteIO
import Errors
import JSON
import OCI
import SystemPackage

/// A file of credentials as docker and podman write it: `config.json`, `auth.json`.
///
/// What it holds is never repeated in an error.
struct CredentialFile {
    /// The most bytes of such a file: a login takes some hundred.
    static let limit = 4 << 20

    /// Who knows the credentials.
    enum Finding: Equatable {
        case credentials(Credentials)
        /// A helper program, and what it is to be asked for.
        case helper(name: String, server: String)
    }

    private let path: FilePath
    private let entries: [(key: String, value: JSONValue)]
    private let helpers: [(key: String, name: String)]
    private let store: String?

    /// - Returns: nil if there is no such file and nobody said that there is.
    /// - Throws: `ToolError` with code `data` if it is not what it should be, `io` if it cannot be read.
    init?(reading place: CredentialPlace) throws {
        let path = place.path
        self.path = path
        guard let bytes = try Self.bytes(of: place) else { return nil }
        guard let json = try? JSONValue(parsing: bytes, source: "", limit: Self.limit) else {
            throw Self.fault(path, "it is no valid JSON, or longer than \(Self.limit) bytes")
        }
        guard case .object = json else { throw Self.fault(path, "it holds \(json.kind) in place of an object") }
        entries = try Self.members(of: json, "auths", path).map { ($0, $1) }
        helpers = try Self.members(of: json, "credHelpers", path).map { key, value in
            guard let name = value.string else { throw Self.fault(path, "credHelpers[\"\(key)\"] is no text") }
            return (key, name)
        }
        switch json["credsStore"] {
        case nil, .null: store = nil
        case .string(let name): store = name.isEmpty ? nil : name
        default: throw Self.fault(path, "credsStore is no text")
        }
    }

    /// What the file says about a registry, in the order in which it is asked: the registry's own helper, the helper for
    /// all, then what stands in the file itself.
    ///
    /// A helper for all that knows nothing does not keep what stands in the file from being used: podman and skopeo
    /// write there and know no such helper.
    func findings(for key: RegistryKey) throws -> [Finding] {
        var findings: [Finding] = []
        if let helper = helpers.first(where: { $0.key == key.host })
            ?? helpers.first(where: { RegistryKey.normalized($0.key) == key.host })
        {
            // An empty name means no helper for this registry, not even the one for all.
            if !helper.name.isEmpty { return [.helper(name: helper.name, server: helper.key)] }
        } else if let store {
            let server = key.host == RegistryKey.dockerHub ? RegistryKey.dockerHubURL : key.host
            findings.append(.helper(name: store, server: server))
        }
        for candidate in key.candidates {
            let close = entries.filter { $0.key == candidate }
            let loose = entries.filter { $0.key != candidate && RegistryKey.normalized($0.key) == candidate }
            for entry in close + loose.sorted(by: { $0.key < $1.key }) {
                if let credentials = try credentials(of: entry.value, key: entry.key) {
                    findings.append(.credentials(credentials))
                }
            }
        }
        return findings
    }

    /// - Returns: nil for an entry without anything in it, as docker leaves one behind for what a helper keeps.
    private func credentials(of entry: JSONValue, key: String) throws -> Credentials? {
        guard case .object = entry else { throw fault(key, "is no object") }
        let text = { (name: String) throws -> String? in
            switch entry[name] {
            case nil, .null: return nil
            case .string(let text): return text.isEmpty ? nil : text
            default: throw fault(key, "has a member '\(name)' that is no text")
            }
        }
        if let token = try text("registrytoken") { return .registryToken(Secret(token)) }
        if let token = try text("identitytoken") { return .identityToken(Secret(token)) }
        if let auth = try text("auth") {
            guard let bytes = Base64.decode(auth), let decoded = String(validating: bytes, as: UTF8.self) else {
                throw fault(key, "has a member 'auth' that is no text in base 64")
            }
            guard let colon = decoded.firstIndex(of: ":") else {
                throw fault(key, "has a member 'auth' that is not USER:PASSWORD in base 64")
            }
            // Docker pads short passwords with zeros, and takes them off again.
            let password = decoded[decoded.index(after: colon)...].drop { $0 == "\0" }
            let trimmed = password.reversed().drop { $0 == "\0" }.reversed()
            return .password(user: String(decoded[..<colon]), password: Secret(String(trimmed)))
        }
        guard let user = try text("username") else { return nil }
        return .password(user: user, password: Secret(try text("password") ?? ""))
    }

    private static func members(
        of json: JSONValue, _ name: String, _ path: FilePath
    ) throws -> [(String, JSONValue)] {
        switch json[name] {
        case nil, .null: return []
        case .object(let members): return members.map { ($0.key, $0.value) }
        default: throw fault(path, "its member '\(name)' is no object")
        }
    }

    private static func bytes(of place: CredentialPlace) throws -> [UInt8]? {
        do {
            return try SmallFile.read(place.path, limit: limit)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            guard place.isRequired else { return nil }
            throw fault(place.path, "there is no such file")
        } catch let error as Errno {
            throw ToolError.io("cannot read the credentials in '\(place.path)'", error)
        }
    }

    private func fault(_ key: String, _ reason: String) -> ToolError {
        Self.fault(path, "auths[\"\(key)\"] \(reason)")
    }

    private static func fault(_ path: FilePath, _ reason: String) -> ToolError {
        ToolError(
            .data, "cannot read the credentials in '\(path)'", cause: reason,
            remedy: "correct the file, log in anew, or name another with --authfile")
    }
}
