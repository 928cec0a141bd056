import Errors
import Glibc
import Registry
package import SystemPackage

/// The place of an image, or the spec that an image is built from.
public enum ImageSource: Hashable, Sendable {
    /// A spec that was created in code.
    case spec(ImageSpec)
    /// A spec file.
    case specFile(SpecSource, SpecReading)
    /// An archive of images, compressed or not. The path `-` is standard input; a directory is read as a layout.
    ///
    /// `name` chooses one of several images: `NAME:TAG` exactly as the archive has it; nil: the first image.
    case archive(_ path: String, name: String? = nil)
    /// The directory of an OCI image layout.
    ///
    /// `name` chooses one of several images: the whole name, with or without its registry, or a tag; nil: the first image.
    case layout(_ path: String, name: String? = nil)
    /// An image in a registry: `NAME`, `NAME:TAG` or `NAME@DIGEST`.
    case registry(_ name: String)
    /// An image of the Docker daemon, by its name or ID.
    case daemon(_ name: String)
    /// Another source's image with overrides of its name, its tag or its config, in order: `KEY=VALUE`. Verbs that move an
    /// image take it, those that read one do not.
    indirect case overridden(ImageSource, _ overrides: [String])
}

/// Settings for reading a spec file.
public struct SpecReading: Hashable, Sendable {
    /// The way in which the image is built; nil: the keys of the spec decide.
    package var verb: SpecVerb?
    /// Overrides of the spec's keys, in order: `KEY=VALUE`.
    public var overrides: [String]
    /// Whether the archive keeps the arguments that the image is built with (`buildArgs.json`).
    public var keepsBuildArgs: Bool

    /// Creates settings for reading a spec file.
    package init(as verb: SpecVerb? = nil, overrides: [String] = [], keepsBuildArgs: Bool = true) {
        self.verb = verb
        self.overrides = overrides
        self.keepsBuildArgs = keepsBuildArgs
    }
}

extension ImageSource {
    private static let daemonScheme = "docker-daemon:"
    private static let layoutScheme = "oci:"
    private static let directoryScheme = "dir:"
    /// skopeo's schemes of archives. The content tells which one it is.
    private static let archiveSchemes = ["docker-archive:", "oci-archive:"]

    /// Parses the text that a command line has for an image: a file, a layout, an image of a registry or of the daemon, or a
    /// spec file.
    ///
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    public init(parsing text: String) throws {
        try self.init(parsing: text, spec: SpecReading())
    }

    /// Parses the text of a command line.
    ///
    /// The text is `PATH`, `PATH#NAME:TAG`, `docker-archive:PATH:NAME:TAG`, `oci-archive:PATH:NAME`, `oci:DIRECTORY`,
    /// `oci:DIRECTORY:NAME`, `dir:DIRECTORY`, `docker://NAME` or `docker-daemon:NAME`, or the path of a spec if it ends in
    /// `.json` or `.toml`. The text after the last `#` is a name, unless a file with all of the text as its name exists.
    ///
    /// - Parameters:
    ///   - spec: the settings for a spec file; nil: the text is never a spec.
    ///   - isSpec: whether the text is the path of a spec in any case.
    ///   - directory: the directory that relative paths start from, and become absolute by; nil: the current directory of
    ///     the process, and paths stay as they are.
    /// - Throws: `ToolError` with code `usage` for a malformed name, and for settings of a spec if the text is not one.
    package init(
        parsing text: String, spec: SpecReading? = SpecReading(), isSpec: Bool = false, from directory: FilePath? = nil
    ) throws {
        if let spec, isSpec || SpecSource.isSpec(text) {
            let path = text == "-" ? text : Self.place(text, directory)
            self = .specFile(try SpecSource(argument: path, anyExtension: true), spec)
            return
        }
        if spec != nil, SpecSource.isYAML(text), access(Self.place(text, directory), F_OK) == 0 {
            throw SpecSource.yaml(text)
        }
        let source = try Self.image(text, directory)
        guard spec?.verb == nil else {
            throw ToolError(
                .usage, "cannot build \(source.displayName)", cause: "it is an image, not a spec",
                remedy: "leave \(.buildVerb) out, or name a spec (\(.spec) for a spec with another name)")
        }
        let overrides = spec?.overrides ?? []
        self = overrides.isEmpty ? source : .overridden(source, overrides)
    }

    /// The path as it is, or the absolute path from a directory.
    private static func place(_ path: String, _ directory: FilePath?) -> String {
        directory.map { path.path(from: $0).string } ?? path
    }

    /// Parses a text that is not a spec.
    private static func image(_ text: String, _ directory: FilePath?) throws -> ImageSource {
        if text.hasPrefix(RegistryReference.scheme) {
            _ = try RegistryReference(text)
            return .registry(text)
        } else if text.hasPrefix(Self.daemonScheme) {
            return .daemon(try Self.daemonName(String(text.dropFirst(Self.daemonScheme.count))))
        } else if text.hasPrefix(Self.layoutScheme) {
            return layout(parsing: text.dropFirst(Self.layoutScheme.count), directory)
        } else if text.hasPrefix(Self.directoryScheme) {
            return .archive(place(String(text.dropFirst(Self.directoryScheme.count)), directory))
        } else if let scheme = archiveSchemes.first(where: text.hasPrefix) {
            return archive(named: String(text.dropFirst(scheme.count)), directory)
        } else if let mark = text.lastIndex(of: "#"), access(place(text, directory), F_OK) != 0 {
            let path = String(text[..<mark])
            return .archive(path == "-" ? path : place(path, directory), name: String(text[text.index(after: mark)...]))
        }
        return .archive(text == "-" ? text : place(text, directory))
    }

    /// Parses the rest of skopeo's names of archives, `PATH` or `PATH:NAME:TAG`: the path ends at the first colon behind
    /// which no file of a longer name exists.
    private static func archive(named rest: String, _ directory: FilePath?) -> ImageSource {
        guard access(place(rest, directory), F_OK) != 0 else { return .archive(place(rest, directory)) }
        for colon in rest.indices
        where rest[colon] == ":" && access(place(String(rest[..<colon]), directory), F_OK) == 0 {
            return .archive(place(String(rest[..<colon]), directory), name: String(rest[rest.index(after: colon)...]))
        }
        return .archive(place(rest, directory))
    }

    /// Parses `DIRECTORY` or `DIRECTORY:NAME`. A name may have colons, as `docker.io/library/app:1` has. So may a directory:
    /// the name follows the first colon behind a path that exists.
    private static func layout(parsing text: Substring, _ directory: FilePath?) -> ImageSource {
        let exists = { (path: Substring) in access(place(String(path), directory), F_OK) == 0 }
        let colons = exists(text) ? [] : text.indices.filter { text[$0] == ":" }
        guard let colon = colons.first(where: { exists(text[..<$0]) }) ?? colons.first else {
            return .layout(place(String(text), directory))
        }
        return .layout(place(String(text[..<colon]), directory), name: String(text[text.index(after: colon)...]))
    }

    /// The name that chooses one image of several; nil: the first image.
    var chosenName: String? {
        switch self {
        case .archive(_, let name), .layout(_, let name): name
        case .overridden(let source, _): source.chosenName
        case .spec, .specFile, .registry, .daemon: nil
        }
    }
}

extension ImageSource: CustomStringConvertible {
    /// The text that a command line has for the source.
    public var description: String {
        switch self {
        case .spec(let spec): spec.source
        case .specFile(let source, _): source.path?.string ?? "-"
        case .archive(let path, let name): path + (name.map { "#\($0)" } ?? "")
        case .layout(let path, let name): Self.layoutScheme + path + (name.map { ":\($0)" } ?? "")
        case .registry(let name): name
        case .daemon(let name): Self.daemonScheme + name
        case .overridden(let source, _): source.description
        }
    }
}
