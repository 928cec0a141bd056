import ByteIO
import DockerEngine
import Glibc
import Images
import Registry
import SystemPackage

/// Where an image is, and which of the images there.
package struct ImageLocation: Equatable, Sendable {
    package enum Place: Equatable, Sendable {
        /// An archive or a directory; `-` for standard input.
        case path(FilePath)
        case registry(RegistryReference)
        /// An image of the Docker daemon, by its name or ID.
        case daemon(name: String)
    }

    package let place: Place
    /// `NAME:TAG` exactly as the archive has it, or a tag where that is all it has; nil: the first image.
    package let name: String?

    package init(path: FilePath, name: String? = nil) { self.init(.path(path), name: name) }

    private init(_ place: Place, name: String? = nil) {
        self.place = place
        self.name = name
    }

    /// - Parameter text: `PATH`, `PATH#NAME:TAG`, `oci:DIRECTORY`, `oci:DIRECTORY:TAG`, `docker://NAME` or `docker-daemon:NAME`.
    ///   What is behind the last `#` is a name, unless a file with all of `text` as its name is there.
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    package init(_ text: String) throws {
        if text.hasPrefix(RegistryReference.scheme) {
            self.init(.registry(try RegistryReference(text)))
            return
        }
        if text.hasPrefix("docker-daemon:") {
            self.init(.daemon(name: try DaemonImage.checked(String(text.dropFirst("docker-daemon:".count)))))
            return
        }
        if text.hasPrefix("oci:") {
            let rest = String(text.dropFirst(4))
            if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/"), access(rest, F_OK) != 0 {
                self.init(path: FilePath(String(rest[..<colon])), name: String(rest[rest.index(after: colon)...]))
            } else {
                self.init(path: FilePath(rest))
            }
            return
        }
        guard let mark = text.lastIndex(of: "#"), access(text, F_OK) != 0 else {
            self.init(path: FilePath(text))
            return
        }
        self.init(path: FilePath(String(text[..<mark])), name: String(text[text.index(after: mark)...]))
    }
}

extension ImageLocation {
    /// Reads what lies there.
    ///
    /// - Throws: `ToolError`.
    func archive(_ context: Context, _ reporter: any Reporter, keepsLayers: Bool) async throws -> ImageArchive {
        try await archive(context, reporter, context.reading(architecture: nil, keepsLayers: keepsLayers))
    }

    /// Reads what lies there.
    ///
    /// - Throws: `ToolError`.
    func archive(
        _ context: Context, _ reporter: any Reporter, _ readingContext: ReadingContext
    ) async throws -> ImageArchive {
        switch place {
        case .path(let path): return try ImageArchive.open(path, readingContext)
        case .registry(let reference):
            return try await context.registryImage(reference, task: "cannot read \(reference)", reporter)
                .archive(readingContext)
        case .daemon(let name):
            let daemon = DockerDaemon(try DockerHost.find(nil, environment: context.environment))
            return try DaemonImage(name, daemon).archive(readingContext)
        }
    }

    /// What is read, for people.
    var words: String {
        switch place {
        case .path(let path): "'\(path)'"
        case .registry(let reference): "'\(reference)'"
        case .daemon(let name): "'docker-daemon:\(name)'"
        }
    }

    /// The file or directory that it is, absolute; nil if it is none.
    func input(_ context: Context) -> FilePath? {
        guard case .path(let path) = place, path != "-" else { return nil }
        return context.currentDirectory.pushing(path)
    }
}
