import Archives
import Failures
import Tar

/// Reads what a docker-archive says about itself, in one pass from its start to its end: it may come through a pipe,
/// and its manifest may come last.
///
/// Layers are passed over. All JSON is kept until the manifest tells which of it counts.
public struct DockerArchiveReader {
    private let tar: TarReader
    private let name: String
    private var members: [String: ArchiveMember] = [:]
    private var kept = 0

    /// Reads an archive.
    ///
    /// - Throws: `Failure` with code `data` if it is damaged, no docker-archive, or contradicts itself; what the source
    ///   throws.
    public static func read(_ source: ArchiveSource) throws -> DockerArchive {
        try read(source, name: source.name)
    }

    /// Reads an archive from its plain bytes.
    ///
    /// - Parameter name: what is read, for errors: `'base.tar.gz'`.
    public static func read(_ source: any ByteSource, name: String) throws -> DockerArchive {
        var reader = DockerArchiveReader(source, name: name)
        try reader.readMembers()
        return try DockerArchiveParser(name: name, members: reader.members).archive()
    }

    private init(_ source: any ByteSource, name: String) {
        self.name = name
        tar = TarReader(source, archive: name)
    }

    private mutating func readMembers() throws {
        while let member = try tar.next() {
            guard member.kind != .folder else { continue }
            guard members.count < ImageLimits.members else {
                throw tar.failure("it is one more than the limit of \(ImageLimits.members) members")
            }
            // The later one of two counts, as in every tar.
            members[Self.memberName(member.path)] = try read(member)
        }
        // So that the checksums at the end of a compressed archive are looked at.
        _ = try tar.finish()
    }

    private mutating func read(_ member: TarMember) throws -> ArchiveMember {
        guard member.kind == .file else { return ArchiveMember(isFile: false, size: 0, json: nil) }
        guard member.size > 0, member.size <= UInt64(ImageLimits.json) else {
            return ArchiveMember(isFile: true, size: member.size, json: nil)
        }
        // A look at its start tells JSON from a small layer.
        var start = [UInt8](repeating: 0, count: Int(min(member.size, 64)))
        let count = try start.withUnsafeMutableBytes { try tar.read(into: $0) }
        let first = start[..<count].first { !$0.isBlank }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            return ArchiveMember(isFile: true, size: member.size, json: nil)
        }
        let json = try start[..<count] + tar.body(limit: ImageLimits.json)
        kept += json.count
        guard kept <= ImageLimits.allJSON else {
            throw tar.failure("with it the JSON in the archive exceeds the limit of \(ImageLimits.allJSON) bytes")
        }
        return ArchiveMember(isFile: true, size: member.size, json: Array(json))
    }

    /// The name without `./` before it, which some writers put there.
    private static func memberName(_ path: [UInt8]) -> String {
        var rest = path[...]
        while rest.starts(with: "./".utf8) { rest = rest.dropFirst(2).drop { $0 == UInt8(ascii: "/") } }
        return String(decoding: rest, as: UTF8.self)
    }
}

/// What is known of a member of an archive that is no folder.
struct ArchiveMember {
    /// Whether it is a file, and no link.
    let isFile: Bool
    /// Bytes of its body.
    let size: UInt64
    /// Its body, if that is small and begins as JSON does.
    let json: [UInt8]?
}

extension UInt8 {
    /// Whether JSON passes over the byte between two values.
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
