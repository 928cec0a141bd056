import Archives
import Failures
import Images
import Tar

/// What a daemon tells while it works: JSON objects, a line each.
struct DaemonMessages {
    private let source: any ByteSource
    private var buffer: [UInt8]
    private var rest: ArraySlice<UInt8> = []

    init(_ source: any ByteSource) {
        self.source = source
        buffer = [UInt8](repeating: 0, count: 16 * 1024)
    }

    /// The next message; nil at the end.
    ///
    /// - Throws: `Failure` with code `data` for one that is no JSON, or has more than 4 MiB; what the source throws.
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
