import ByteIO
import Errors
import Images
import JSON
import OCI
import Registry

/// An image that a Docker daemon has, as it saves it.
package struct DaemonImage {
    private let name: String
    private let daemon: DockerDaemon

    /// - Parameter name: a name, with or without its tag, or an ID.
    package init(_ name: String, _ daemon: DockerDaemon) {
        self.name = name
        self.daemon = daemon
    }

    /// The name, if it may be one.
    ///
    /// - Throws: `ToolError` with code `usage`.
    package static func checked(_ name: String) throws -> String {
        let isPlain = name.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) || "._-:/@[]".utf8.contains($0) }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard isPlain, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw ToolError(
                .usage, "cannot use the name '\(TerminalText.printable(Array(name.utf8)))'",
                cause: "it is no image's name or ID",
                remedy: "name an image of the daemon as in docker-daemon:app:1; `docker image ls` lists them")
        }
        return name
    }

    /// Reads it; its layers go to work files.
    ///
    /// - Throws: `ToolError` with code `data` if the daemon has none of that name, `unavailable` if there is no daemon.
    package func archive(_ context: ReadingContext) throws -> ImageArchive {
        let source = "'docker-daemon:\(name)'"
        guard let known = try daemon.image(name) else {
            throw ToolError(
                .data, "cannot read \(source)", cause: "the daemon at \(daemon.host.name) has no such image",
                remedy: "`docker image ls` lists those that it has")
        }
        return try ImageArchive.read(daemon.save(savedName(of: known)), name: source, context)
    }

    /// The one name, which is the image's in the archive then: asked for without a tag, all of a repository would come. By
    /// its ID it comes without a name.
    private func savedName(of known: DockerDaemon.Known) -> String {
        var wanted = ImageName(name)
        if wanted.tag == nil { wanted.tag = "latest" }
        return known.spelling(of: wanted) ?? known.id
    }
}

/// The body of a daemon's answer, whose errors are those of the program.
final class DaemonBody: ByteSource {
    private let body: any ByteSource
    private let failure: (HTTPError) -> any Error

    init(_ body: any ByteSource, _ failure: @escaping (HTTPError) -> any Error) {
        self.body = body
        self.failure = failure
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do {
            return try body.read(into: buffer)
        } catch let error as HTTPError {
            throw failure(error)
        }
    }
}

/// What a daemon tells while it works: JSON objects, a line each.
package struct DaemonMessages {
    private let source: any ByteSource
    private var buffer: [UInt8]
    private var rest: ArraySlice<UInt8> = []

    init(_ source: any ByteSource) {
        self.source = source
        buffer = [UInt8](repeating: 0, count: 16 * 1024)
    }

    /// The next message; nil at the end.
    ///
    /// - Throws: `ToolError` with code `data` for one that is no JSON, or has more than 4 MiB; what the source throws.
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

    /// Nil for an empty line.
    private func value(_ line: [UInt8]) throws -> JSONValue? {
        guard line.contains(where: { $0 != 0x20 && $0 != 0x0D }) else { return nil }
        return try JSONValue(parsing: line, source: "the Docker daemon's answer", limit: ImageLimits.json)
    }
}
