import ByteIO
import Errors
import Glibc
import JSON
import Registry
import SystemPackage

/// The configuration of registries that podman and skopeo share: mirrors, other locations, blocked registries.
///
/// Source: containers-registries.conf(5), version 2, and containers-registries.conf.d(5). Keys that do not concern whole
/// names, such as those of short names, are ignored.
struct RegistriesConfiguration: Sendable {
    /// The settings for a registry or a part of it.
    struct Rule: Equatable, Sendable {
        /// The beginning of the names: `docker.io`, `quay.io/team`; `*.example.com` for all registries of a domain.
        var prefix: String
        /// What replaces the prefix in requests; nil: the prefix itself.
        var location: String?
        /// Whether http, and https with any certificate, is accepted.
        var isInsecure = false
        /// Whether images of these names may not be used.
        var isBlocked = false
        /// The mirrors in their order.
        var mirrors: [Mirror] = []
        /// The file that has the rule.
        var file: FilePath
    }

    /// A mirror of the registry of a rule.
    struct Mirror: Equatable, Sendable {
        var location: String
        var isInsecure = false
        var use = Use.all
    }

    /// The names that a mirror is used for.
    enum Use: String, Sendable {
        case all
        case digests = "digest-only"
        case tags = "tag-only"
    }

    /// The rules, each with a prefix of its own.
    private(set) var rules: [Rule] = []

    /// The most bytes of a file: 1 MiB. Each mirror takes some hundred bytes.
    private static let limit = 1 << 20

    /// Reads the configuration of this user and this machine.
    ///
    /// - Throws: `ToolError` with code `data` for an invalid file, `io` for one that cannot be read: it might block an
    ///   image.
    static func read(_ context: Context) throws -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        for location in RegistriesFile.all(context.environment, currentDirectory: context.currentDirectory) {
            let bytes: [UInt8]
            do {
                bytes = try SmallFile.read(location.path, limit: limit)
            } catch Errno.noSuchFileOrDirectory where !location.isRequired {
                continue
            } catch let error as Errno {
                throw ToolError.io("cannot read the configuration of registries '\(location.path)'", error)
            }
            guard bytes.count <= limit else {
                throw RegistriesFile.error(location.path, "it is larger than \(limit) bytes")
            }
            try configuration.add(bytes, location.path)
        }
        return configuration
    }

    /// Adds the rules of a file, which replace those of earlier files with the same prefix.
    ///
    /// - Throws: `ToolError` with code `data`.
    mutating func add(_ bytes: [UInt8], _ path: FilePath) throws {
        let document = try JSONValue(parsingTOML: bytes, source: "the configuration of registries '\(path)'")
        var added: [Rule] = []
        for table in try RegistriesFile.tables("registry", of: document, path) {
            let rule = try RegistriesFile.rule(table, path)
            // In one file the first one counts, as in podman.
            if !added.contains(where: { $0.prefix == rule.prefix }) { added.append(rule) }
        }
        let prefixes = Set(added.map(\.prefix))
        rules = rules.filter { !prefixes.contains($0.prefix) } + added
    }

    /// The rule for a repository: the one with the longest prefix; nil if there is none.
    ///
    /// - Parameter name: the repository with its registry: `docker.io/library/redis`.
    func rule(for name: String) -> Rule? {
        rules.filter { RepositoryPrefix($0.prefix).matched(in: name) != nil }
            .max { $0.prefix.utf8.count < $1.prefix.utf8.count }
    }
}

/// The beginning of the names of repositories: a registry, or a registry with the first parts of a repository.
struct RepositoryPrefix {
    private let text: String

    init(_ text: String) {
        self.text = text
    }

    /// The part of a name that the prefix stands for; nil if the name does not begin with it.
    func matched(in name: String) -> Substring? {
        guard !text.hasPrefix("*.") else {
            let host = name.prefix { $0 != "/" && $0 != ":" }
            return host.hasSuffix(text.dropFirst()) ? name.prefix { $0 != "/" } : nil
        }
        let rest = name.dropFirst(text.count)
        return name.hasPrefix(text) && (rest.isEmpty || rest.hasPrefix("/")) ? name.prefix(text.count) : nil
    }

    /// The name with another location in place of the prefix; nil if it does not begin with the prefix.
    func moved(_ name: String, to location: String) -> String? {
        matched(in: name).map { location + name.dropFirst($0.count) }
    }
}

/// Reads the files of the configuration.
enum RegistriesFile {
    /// The variable that names a file in place of `registries.conf`.
    private static let variable = "CONTAINERS_REGISTRIES_CONF"

    /// The files in the order in which they apply, a later one before an earlier one.
    ///
    /// - Returns: paths, and whether a missing file is an error because it was named.
    static func all(
        _ environment: [String: String], currentDirectory: FilePath
    ) -> [(path: FilePath, isRequired: Bool)] {
        func directory(_ variable: String) -> FilePath? {
            environment[variable].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        }
        let system: FilePath = "/etc/containers"
        let user = (directory("XDG_CONFIG_HOME") ?? directory("HOME")?.appending(".config"))?.appending("containers")
        let name = "registries.conf"
        var main = (path: system.appending(name), isRequired: false)
        var directories = [system]
        if let named = environment[variable], !named.isEmpty {
            main = (currentDirectory.pushing(FilePath(named)), true)
        } else if let own = user?.appending(name), own.withPlatformString({ access($0, F_OK) }) == 0 {
            // The user's file replaces all of the system's.
            (main.path, directories) = (own, [])
        }
        let more = (directories + [user].compactMap { $0 }).flatMap { files(in: $0.appending("\(name).d")) }
        return [main] + more.map { ($0, false) }
    }

    /// The files of a directory in the order of their names; none if it cannot be read.
    private static func files(in directory: FilePath) -> [FilePath] {
        let names = (try? DirectoryNames.read(directory)) ?? []
        return names.map { directory.appending($0) }.filter { $0.extension == "conf" }
    }

    /// The rule of a table `[[registry]]`.
    static func rule(_ table: JSONValue, _ path: FilePath) throws -> RegistriesConfiguration.Rule {
        let location = try text("location", of: table, path)
        guard let prefix = try text("prefix", of: table, path) ?? location else {
            throw error(path, "a table [[registry]] has neither prefix nor location")
        }
        let digestsOnly = try flag("mirror-by-digest-only", of: table, path)
        var mirrors: [RegistriesConfiguration.Mirror] = []
        for mirror in try tables("mirror", of: table, path) {
            guard let location = try text("location", of: mirror, path) else {
                throw error(path, "a table [[registry.mirror]] has no location")
            }
            let stated = try text("pull-from-mirror", of: mirror, path)
            guard let use = stated.map(RegistriesConfiguration.Use.init) ?? (digestsOnly ? .digests : .all) else {
                throw error(
                    path, "pull-from-mirror is \(TerminalText.quoted(stated ?? "")), not all, digest-only or tag-only")
            }
            mirrors.append(
                .init(location: location, isInsecure: try flag("insecure", of: mirror, path), use: use))
        }
        return RegistriesConfiguration.Rule(
            prefix: prefix, location: location, isInsecure: try flag("insecure", of: table, path),
            isBlocked: try flag("blocked", of: table, path), mirrors: mirrors, file: path)
    }

    /// The tables of an array of tables; none if it is missing.
    static func tables(_ key: String, of table: JSONValue, _ path: FilePath) throws -> [JSONValue] {
        guard let value = table[key] else { return [] }
        guard let tables = value.array, tables.allSatisfy({ $0.object != nil }) else {
            throw error(path, "\(key) is not an array of tables")
        }
        return tables
    }

    /// A text; nil if it is missing or empty.
    private static func text(_ key: String, of table: JSONValue, _ path: FilePath) throws -> String? {
        guard let value = table[key] else { return nil }
        guard let text = value.string else { throw error(path, "\(key) is \(value.kind) instead of a string") }
        return text.isEmpty ? nil : text
    }

    private static func flag(_ key: String, of table: JSONValue, _ path: FilePath) throws -> Bool {
        guard let value = table[key] else { return false }
        guard case .bool(let flag) = value else { throw error(path, "\(key) is \(value.kind) instead of a boolean") }
        return flag
    }

    static func error(_ path: FilePath, _ cause: String) -> ToolError {
        ToolError(
            .data, "cannot use the configuration of registries '\(path)'", cause: cause,
            remedy: "correct the file; containers-registries.conf(5) describes it")
    }
}
