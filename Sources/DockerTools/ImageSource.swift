import Glibc
import Registry
import SystemPackage

/// The place of an image, or the spec that an image is built from.
public enum ImageSource: Equatable, Sendable {
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
}

/// Settings for reading a spec file.
public struct SpecReading: Equatable, Sendable {
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

    /// Parses the text that a command line has for an image: a file, a layout, an image of a registry or of the daemon, or a
    /// spec file.
    ///
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    public init(parsing text: String) throws {
        try self.init(parsing: text, spec: SpecReading())
    }

    /// Parses the text of a command line.
    ///
    /// The text is `PATH`, `PATH#NAME:TAG`, `oci:DIRECTORY`, `oci:DIRECTORY:NAME`, `dir:DIRECTORY`, `docker://NAME` or
    /// `docker-daemon:NAME`, or the path of a spec if it ends in `.json` or `.toml`. The text after the last `#` is a name,
    /// unless a file with all of the text as its name exists.
    ///
    /// - Parameters:
    ///   - spec: the settings for a spec file; nil: the text is never a spec.
    ///   - isSpec: whether the text is the path of a spec in any case.
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    package init(parsing text: String, spec: SpecReading?, isSpec: Bool = false) throws {
        if let spec, isSpec || SpecSource.isSpec(text) {
            self = .specFile(try SpecSource(argument: text, anyExtension: true), spec)
        } else if text.hasPrefix(RegistryReference.scheme) {
            _ = try RegistryReference(text)
            self = .registry(text)
        } else if text.hasPrefix(Self.daemonScheme) {
            self = .daemon(try Self.daemonName(String(text.dropFirst(Self.daemonScheme.count))))
        } else if text.hasPrefix(Self.layoutScheme) {
            self = Self.layout(parsing: text.dropFirst(Self.layoutScheme.count))
        } else if text.hasPrefix(Self.directoryScheme) {
            self = .archive(String(text.dropFirst(Self.directoryScheme.count)))
        } else if let mark = text.lastIndex(of: "#"), access(text, F_OK) != 0 {
            self = .archive(String(text[..<mark]), name: String(text[text.index(after: mark)...]))
        } else {
            self = .archive(text)
        }
    }

    /// Parses `DIRECTORY` or `DIRECTORY:NAME`. A name may have colons, as `docker.io/library/app:1` has. So may a directory:
    /// the name follows the first colon behind a path that exists.
    private static func layout(parsing text: Substring) -> ImageSource {
        guard access(String(text), F_OK) != 0 else { return .layout(String(text)) }
        let colons = text.indices.filter { text[$0] == ":" }
        guard let colon = colons.first(where: { access(String(text[..<$0]), F_OK) == 0 }) ?? colons.first else {
            return .layout(String(text))
        }
        return .layout(String(text[..<colon]), name: String(text[text.index(after: colon)...]))
    }

    /// The name that chooses one image of several; nil: the first image.
    var chosenName: String? {
        switch self {
        case .archive(_, let name), .layout(_, let name): name
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
        }
    }
}
