import ByteIO
import Errors
import JSON
import OCI
import SystemPackage

/// A file of credentials in the format of docker and podman: `config.json`, `auth.json`.
///
/// Errors never repeat the contents of the file.
struct CredentialFile {
    /// The most bytes of a file: 4 MiB. A login takes a few hundred bytes.
    static let limit = 4 << 20

    /// Where the credentials for a registry are.
    enum Source: Equatable {
        case credentials(Credentials)
        /// A helper program, and the server name to pass to it.
        case helper(name: String, server: String)
    }

    private let path: FilePath
    private let entries: [(key: String, value: JSONValue)]
    private let helpers: [(key: String, name: String)]
    private let store: String?

    /// Reads a file.
    ///
    /// - Returns: nil if the file does not exist and is not required.
    /// - Throws: `ToolError` with code `data` if the file is invalid, `io` if it cannot be read.
    static func read(_ location: CredentialFileLocation) throws -> CredentialFile? {
        guard let bytes = try bytes(of: location) else { return nil }
        return try parse(bytes, location.path)
    }

    /// Parses the contents of a file.
    ///
    /// - Parameter path: the name of the contents in errors.
    /// - Returns: nil if there are no contents, as a CI job or an interrupted program may leave a file.
    /// - Throws: `ToolError` with code `data`.
    static func parse(_ bytes: [UInt8], _ path: FilePath) throws -> CredentialFile? {
        guard !bytes.allSatisfy({ [0x09, 0x0A, 0x0D, 0x20].contains($0) }) else { return nil }
        guard let json = try? JSONValue(parsing: bytes, source: "", limit: limit) else {
            throw error(path, "it is not valid JSON, or is larger than \(limit) bytes")
        }
        guard case .object = json else { throw error(path, "it holds \(json.kind) instead of an object") }
        let entries = try members(of: json, "auths", path).map { (key: $0, value: $1) }
        let helpers = try members(of: json, "credHelpers", path).map { key, value in
            guard let name = value.string else { throw error(path, "credHelpers[\"\(key)\"] is not a string") }
            return (key: key, name: name)
        }
        let store: String?
        switch json["credsStore"] {
        case nil, .null: store = nil
        case .string(let name): store = name.isEmpty ? nil : name
        default: throw error(path, "credsStore is not a string")
        }
        return CredentialFile(path: path, entries: entries, helpers: helpers, store: store)
    }

    /// The sources for a registry in the order of search: the registry's own helper, or the default helper and then the
    /// entries of the file.
    ///
    /// The entries are also used if there is a default helper that knows no credentials, since podman and skopeo write
    /// entries and ignore the default helper.
    func sources(for key: RegistryKey) throws -> [Source] {
        var sources: [Source] = []
        if let helper = helpers.first(where: { $0.key == key.host })
            ?? helpers.first(where: { RegistryKey.normalized($0.key) == key.host })
        {
            // An empty name disables helpers for this registry, including the default helper.
            if !helper.name.isEmpty { return [.helper(name: helper.name, server: helper.key)] }
        } else if let store {
            let server = key.host == RegistryKey.dockerHub ? RegistryKey.dockerHubURL : key.host
            sources.append(.helper(name: store, server: server))
        }
        for candidate in key.candidates {
            let exact = entries.filter { $0.key == candidate }
            let equivalent = entries.filter { $0.key != candidate && RegistryKey.normalized($0.key) == candidate }
            for entry in exact + equivalent.sorted(by: { $0.key < $1.key }) {
                if let credentials = try credentials(of: entry.value, key: entry.key) {
                    sources.append(.credentials(credentials))
                }
            }
        }
        return sources
    }

    /// - Returns: nil for an empty entry; docker writes one for credentials that a helper stores.
    private func credentials(of entry: JSONValue, key: String) throws -> Credentials? {
        guard case .object = entry else { throw error(key, "is not an object") }
        let text = { (name: String) throws -> String? in
            switch entry[name] {
            case nil, .null: return nil
            case .string(let text): return text.isEmpty ? nil : text
            default: throw error(key, "has a member '\(name)' that is not a string")
            }
        }
        if let token = try text("registrytoken") { return .registryToken(Secret(token)) }
        if let token = try text("identitytoken") { return .identityToken(Secret(token)) }
        if let auth = try text("auth") { return try password(auth, key) }
        guard let user = try text("username") else { return nil }
        return .password(user: user, password: Secret(try text("password") ?? ""))
    }

    /// Decodes `auth`: `USER:PASSWORD` in Base64.
    private func password(_ auth: String, _ key: String) throws -> Credentials {
        guard let bytes = Base64.decode(auth), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw error(key, "has a member 'auth' that is not Base64 text")
        }
        guard let colon = decoded.firstIndex(of: ":") else {
            throw error(key, "has a member 'auth' that is not USER:PASSWORD in Base64")
        }
        // Docker pads short passwords with zeros and removes them on reading (docker/cli, configfile.decodeAuth).
        let password = decoded[decoded.index(after: colon)...].drop { $0 == "\0" }
        let trimmed = password.reversed().drop { $0 == "\0" }.reversed()
        return .password(user: String(decoded[..<colon]), password: Secret(String(trimmed)))
    }

    private static func members(
        of json: JSONValue, _ name: String, _ path: FilePath
    ) throws -> [(String, JSONValue)] {
        switch json[name] {
        case nil, .null: return []
        case .object(let members): return members.map { ($0.key, $0.value) }
        default: throw error(path, "its member '\(name)' is not an object")
        }
    }

    private static func bytes(of location: CredentialFileLocation) throws -> [UInt8]? {
        do {
            return try SmallFile.read(location.path, limit: limit)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            guard location.isRequired else { return nil }
            throw error(location.path, "the file does not exist")
        } catch let error as Errno {
            throw ToolError.io("cannot read the credentials in '\(location.path)'", error)
        }
    }

    private func error(_ key: String, _ cause: String) -> ToolError {
        Self.error(path, "auths[\"\(key)\"] \(cause)")
    }

    private static func error(_ path: FilePath, _ cause: String) -> ToolError {
        ToolError(
            .data, "cannot read the credentials in '\(path)'", cause: cause,
            remedy: "correct the file, log in again, or name another file with \(.authFile)")
    }
}
