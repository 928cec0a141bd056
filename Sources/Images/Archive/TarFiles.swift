import ByteIO
import Compression
import Errors
import Tar

/// The members of a tar, by their names.
///
/// An uncompressed tar in a file is read in place. One that is compressed, or comes from a pipe, is read once from
/// start to end, and the members that are needed are copied to a temporary file.
struct TarFiles: ImageFiles {
    let name: String
    private let tar: TarReader
    private var members: [String: Member] = [:]

    private enum Member {
        case file(ImageFile)
        /// A link to the member of that name.
        case link(to: String)
        case other
    }

    /// The largest number of links that are followed: Linux's own limit (path_resolution(7)).
    private static let linkLimit = 40

    private init(_ source: any ByteSource, name: String) {
        self.name = name
        tar = TarReader(source, archive: name)
    }

    /// Reads an uncompressed tar in a file.
    ///
    /// - Parameter context: where sparse members are copied to as whole files.
    /// - Throws: `ToolError` with code `data` if it is damaged.
    static func read(_ file: FileRange, _ context: ReadingContext) throws -> TarFiles {
        var files = TarFiles(file.source(), name: file.file.name)
        var copy: MemberCopy?
        try files.readMembers { [tar = files.tar, name = files.name] member in
            guard member.sparse != nil else {
                return ImageFile(size: member.size, range: file.slice(at: member.bodyOffset, size: member.size))
            }
            let copying = try copy ?? MemberCopy(from: tar, named: name, context)
            copy = copying
            return ImageFile(size: member.size, range: try copying.keep(member))
        }
        return files
    }

    /// Reads an uncompressed tar that can be read only once.
    ///
    /// - Parameters:
    ///   - source: gives the bytes of the tar.
    ///   - name: the tar's name in errors.
    ///   - context: where the members are copied to, and whether layers are copied; if not, members that are not JSON are
    ///     skipped.
    /// - Throws: `ToolError` with code `data` if it is damaged; the errors of the source.
    static func read(_ source: any ByteSource, name: String, _ context: ReadingContext) throws -> TarFiles {
        var files = TarFiles(source, name: name)
        let copy = try MemberCopy(from: files.tar, named: name, context)
        try files.readMembers { ImageFile(size: $0.size, range: try copy.keep($0)) }
        return files
    }

    private mutating func readMembers(_ file: (TarMember) throws -> ImageFile) throws {
        while let member = try tar.next() {
            guard member.kind != .directory else { continue }
            guard members.count < ImageLimits.members else {
                throw tar.failure("the archive has more than the limit of \(ImageLimits.members) members")
            }
            // Of two members with one name the later is used, as tar does.
            members[Self.normalized(member.path)] =
                switch member.kind {
                case .file: .file(try file(member))
                case .symbolicLink: .link(to: try target(of: member))
                case .hardLink: .link(to: Self.normalized(member.linkTarget))
                default: .other
                }
        }
        // Reads to the end, so that the checksums of a compressed archive are verified.
        _ = try tar.finish()
    }

    func file(_ path: String) throws -> ImageFile? {
        var path = Self.normalized(Array(path.utf8))
        for _ in 0..<Self.linkLimit {
            switch members[path] {
            case nil: return nil
            case .file(let file): return file
            case .link(let target): path = target
            case .other: throw failure("its member \(TerminalText.quoted(path)) is not a regular file")
            }
        }
        throw failure("its member \(TerminalText.quoted(path)) leads through more than \(Self.linkLimit) links")
    }

    /// The member that a symbolic link points to: old archives of Docker have `../ID/layer.tar` for a layer that an
    /// image has twice.
    private func target(of link: TarMember) throws -> String {
        let directory = Self.normalized(link.path).split(separator: "/").dropLast()
        let target = String(decoding: link.linkTarget, as: UTF8.self)
        var components = target.hasPrefix("/") ? [] : Array(directory)
        for component in target.split(separator: "/") where component != "." {
            guard component == ".." else {
                components.append(component)
                continue
            }
            guard components.popLast() != nil else { throw tar.failure("it is a link that points out of the archive") }
        }
        return components.joined(separator: "/")
    }

    /// The name with single slashes, and without the `./` or `/` that some programs write before it.
    private static func normalized(_ path: [UInt8]) -> String {
        String(decoding: path, as: UTF8.self).split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}

/// Copies the members of an archive that can be read only once: those that may be JSON, and layers if they are needed.
struct MemberCopy {
    private let tar: TarReader
    private let file: SpoolFile
    private let keepsLayers: Bool
    /// The maximum size of a sparse member in bytes: a map of some bytes can describe a file of any size.
    private let sizeLimit: UInt64

    /// The number of bytes that are examined to tell JSON from a small layer.
    private static let lookSize = 64

    /// - Throws: `ToolError` with code `io` if there is no room for the copies.
    init(from tar: TarReader, named name: String, _ context: ReadingContext) throws {
        self.tar = tar
        file = try context.spool.makeFile(name)
        keepsLayers = context.keepsLayers
        sizeLimit = context.limits.output
    }

    /// Copies the current member of the tar.
    ///
    /// - Returns: nil if it is skipped.
    func keep(_ member: TarMember) throws -> FileRange? {
        guard keepsLayers || member.size <= UInt64(ImageLimits.json) else { return nil }
        guard member.sparse == nil || member.size <= sizeLimit else {
            throw tar.failure(
                "it is a sparse file of \(member.size) bytes, more than the limit of \(sizeLimit)",
                remedy: "set \(.maxLayerSize) to a larger size if you trust the origin of the archive")
        }
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
    /// Whether the byte is white space in JSON.
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
