import ByteIO
import Tar

/// The members of a tar by their names.
///
/// A plain tar in a file is read where it lies. One that is compressed, or comes through a pipe, is read once from its
/// start to its end, and what matters of it is kept in a file without a name.
struct TarFiles: ImageFiles {
    let name: String
    private let tar: TarReader
    private var members: [String: Member] = [:]

    private enum Member {
        case file(ImageFile)
        /// The name that it stands for.
        case link(to: String)
        case other
    }

    /// As many links as Linux follows (path_resolution(7)).
    private static let linkLimit = 40

    /// - Parameter file: a plain tar.
    /// - Throws: `ToolError` with code `data` if it is damaged.
    init(_ file: FileRange) throws {
        name = file.file.name
        tar = TarReader(file.source(), archive: name)
        try readMembers { ImageFile(size: $0.size, range: file.slice(at: $0.bodyOffset, size: $0.size)) }
    }

    /// - Parameters:
    ///   - source: a plain tar.
    ///   - spool: where the members are kept.
    ///   - keepsLayers: false if what is no JSON is passed over.
    /// - Throws: `ToolError` with code `data` if it is damaged; what the source throws.
    init(_ source: any ByteSource, name: String, spool: SpoolDirectory, keepsLayers: Bool) throws {
        self.name = name
        tar = TarReader(source, archive: name)
        let copy = MemberCopy(from: tar, to: try spool.makeFile(name), keepsLayers: keepsLayers)
        try readMembers { ImageFile(size: $0.size, range: try copy.keep($0)) }
    }

    private mutating func readMembers(_ file: (TarMember) throws -> ImageFile) throws {
        while let member = try tar.next() {
            guard member.kind != .directory else { continue }
            guard members.count < ImageLimits.members else {
                throw tar.failure("it is one more than the limit of \(ImageLimits.members) members")
            }
            // The later one of two counts, as in every tar.
            members[Self.normalised(member.path)] =
                switch member.kind {
                case .file: .file(try file(member))
                case .symbolicLink: .link(to: try target(of: member))
                case .hardLink: .link(to: Self.normalised(member.linkTarget))
                default: .other
                }
        }
        // So that the checksums at the end of a compressed archive are looked at.
        _ = try tar.finish()
    }

    func file(_ path: String) throws -> ImageFile? {
        var path = Self.normalised(Array(path.utf8))
        for _ in 0..<Self.linkLimit {
            switch members[path] {
            case nil: return nil
            case .file(let file): return file
            case .link(let target): path = target
            case .other: throw failure("its member \(TerminalText.quoted(path)) is no file")
            }
        }
        throw failure("its member \(TerminalText.quoted(path)) leads through more than \(Self.linkLimit) links")
    }

    /// The member that a symbolic link stands for: old archives name a layer that comes twice by `../ID/layer.tar`.
    private func target(of link: TarMember) throws -> String {
        let directory = Self.normalised(link.path).split(separator: "/").dropLast()
        let target = String(decoding: link.linkTarget, as: UTF8.self)
        var components = target.hasPrefix("/") ? [] : Array(directory)
        for component in target.split(separator: "/") where component != "." {
            guard component == ".." else {
                components.append(component)
                continue
            }
            guard components.popLast() != nil else { throw tar.failure("it is a link that leads out of the archive") }
        }
        return components.joined(separator: "/")
    }

    /// The name without `./` and `/` before it, which some writers put there, and with single slashes.
    private static func normalised(_ path: [UInt8]) -> String {
        String(decoding: path, as: UTF8.self).split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}

/// Keeps members of an archive that cannot be read again: those that may be JSON, and layers where they are needed.
struct MemberCopy {
    private let tar: TarReader
    private let file: SpoolFile
    private let keepsLayers: Bool

    /// A look at a member's start tells JSON from a small layer.
    private static let lookSize = 64

    init(from tar: TarReader, to file: SpoolFile, keepsLayers: Bool) {
        self.tar = tar
        self.file = file
        self.keepsLayers = keepsLayers
    }

    /// Keeps the current member of the tar; nil if it is passed over.
    func keep(_ member: TarMember) throws -> FileRange? {
        guard keepsLayers || member.size <= UInt64(ImageLimits.json) else { return nil }
        var start = [UInt8](repeating: 0, count: Int(min(member.size, UInt64(Self.lookSize))))
        let count = try start.withUnsafeMutableBytes { try tar.read(into: $0) }
        let first = start[..<count].first { !$0.isBlank }
        guard keepsLayers || first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
        return try file.keep { sink in
            try sink.write(Array(start[..<count]))
            var buffer = BlockBuffer(capacity: sink.bufferSize)
            while true {
                buffer.advance(try tar.read(into: buffer.room))
                if buffer.filled == 0 { break }
                buffer = try sink.take(buffer)
            }
        }.0
    }
}

extension UInt8 {
    /// Whether JSON passes over the byte between two values.
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
