import Failures
import Glibc
import Images
import SystemPackage

/// Where an image is: an archive or a folder, and which of the images in it.
public struct ImageLocation: Equatable, Sendable {
    /// The path, `-` for standard input.
    public let path: FilePath
    /// `NAME:TAG` exactly as the archive has it, or a tag where that is all it has; nil: the first image.
    public let name: String?

    public init(path: FilePath, name: String? = nil) {
        self.path = path
        self.name = name
    }

    /// - Parameter text: `PATH`, `PATH#NAME:TAG`, `oci:FOLDER` or `oci:FOLDER:TAG`. What is behind the last `#` is a name,
    ///   unless a file with all of `text` as its name is there.
    /// - Throws: `Failure` with code `unavailable` for a registry or a daemon, which are not read yet.
    public init(_ text: String) throws {
        for prefix in ["docker://", "docker-daemon:"] where text.hasPrefix(prefix) {
            throw Failure(
                .unavailable, "cannot read '\(text)'", why: "images of registries and daemons are not read yet",
                advice: "get it with `skopeo copy \(text) docker-archive:FILE`, and name the file")
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
    func archive(_ surroundings: Surroundings, keepsLayers: Bool) throws -> ImageArchive {
        try ImageArchive.open(path, surroundings.reading(architecture: nil, keepsLayers: keepsLayers))
    }
}
