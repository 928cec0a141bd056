import ByteIO
import Errors
package import Images
import JSON
import OCI
import Registry

/// An image of a Docker daemon, read as the daemon exports it (`docker save`).
package struct DaemonImage {
    private let name: String
    private let daemon: DockerDaemon

    /// - Parameter name: a name, with or without a tag, or an ID.
    package init(_ name: String, _ daemon: DockerDaemon) {
        self.name = name
        self.daemon = daemon
    }

    /// Validates a name.
    ///
    /// - Returns: the name, unchanged.
    /// - Throws: `ToolError` with code `usage`.
    package static func checked(_ name: String) throws -> String {
        let isValid = name.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) || "._-:/@[]".utf8.contains($0) }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard isValid, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw ToolError(
                .usage, "cannot use the name '\(TerminalText.printable(Array(name.utf8)))'",
                cause: "it is not a valid image name or ID",
                remedy: "name an image of the daemon as in docker-daemon:app:1; `docker image ls` lists them")
        }
        return name
    }

    /// Reads the image. Its layers are spooled to temporary files.
    ///
    /// Blocks while the daemon exports the image.
    ///
    /// - Throws: `ToolError` with code `data` if the daemon has no such image, `unavailable` if there is no daemon.
    package func archive(_ context: ReadingContext) throws -> ImageArchive {
        let source = "'docker-daemon:\(name)'"
        guard let known = try daemon.image(name) else {
            throw ToolError(
                .data, "cannot read \(source)", cause: "the daemon at \(daemon.host.name) has no such image",
                remedy: "list the daemon's images with `docker image ls`")
        }
        return try ImageArchive.read(daemon.save(exportName(of: known)), name: source, context)
    }

    /// The name to export the image by. The archive then holds this name; a name without a tag would export all images
    /// of the repository, and an ID exports the image without a name.
    private func exportName(of known: DockerDaemon.Known) -> String {
        var wanted = ImageName(name)
        if wanted.tag == nil { wanted.tag = "latest" }
        return known.spelling(of: wanted) ?? known.id
    }
}

/// The body of a daemon's response, with HTTP errors converted to the program's.
final class DaemonBody: ByteSource {
    private let body: any ByteSource
    private let convert: (HTTPError) -> any Error

    init(_ body: any ByteSource, _ convert: @escaping (HTTPError) -> any Error) {
        self.body = body
        self.convert = convert
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do {
            return try body.read(into: buffer)
        } catch let error as HTTPError {
            throw convert(error)
        }
    }
}

/// The progress messages of a daemon: JSON objects, one per line.
struct DaemonMessages {
    private let source: any ByteSource
    private var buffer: [UInt8]
    private var rest: ArraySlice<UInt8> = []

    init(_ source: any ByteSource) {
        self.source = source
        buffer = [UInt8](repeating: 0, count: 16 * 1024)
    }

    /// Reads the next message; nil at the end.
    ///
    /// - Throws: `ToolError` with code `data` for a message that is not JSON or is larger than 4 MiB; errors of the
    ///   source.
    mutating func next() throws -> JSONValue? {
        var line: [UInt8] = []
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += rest[..<end]
                rest = rest[(end + 1)...]
                if let value = try value(line) { return value }
                line = []
                continue
            }
            line += rest
            guard line.count <= ImageLimits.json else { return try value(line) }
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            rest = buffer[..<count]
            if count == 0 { return try value(line) }
        }
    }

    /// Parses a line; nil if it is empty.
    private func value(_ line: [UInt8]) throws -> JSONValue? {
        guard line.contains(where: { $0 != 0x20 && $0 != 0x0D }) else { return nil }
        return try JSONValue(parsing: line, source: "the Docker daemon's response", limit: ImageLimits.json)
    }
}
