import ByteIO
import Errors
import Foundation
import Images
import Tar
import TestSupport

/// An entry of a layer that a test makes. Its name is written without normalization.
struct CraftedEntry {
    var path: [UInt8]
    var kind = TarKind.file
    var body: [UInt8] = []
    var target: [UInt8] = []
    var mode: UInt16 = 0o644
    var device: (major: UInt32, minor: UInt32) = (0, 0)
    var attributes = TarAttributes(modified: TarTime(seconds: 7))
    var xattrs: [TarXattr] = []

    static func file(_ path: String, _ body: String = "") -> CraftedEntry {
        CraftedEntry(path: Array(path.utf8), body: Array(body.utf8))
    }

    static func directory(_ path: String, mode: UInt16 = 0o755) -> CraftedEntry {
        CraftedEntry(path: Array(path.utf8), kind: .directory, mode: mode)
    }

    static func link(_ path: String, _ target: String) -> CraftedEntry {
        CraftedEntry(path: Array(path.utf8), kind: .symbolicLink, target: Array(target.utf8), mode: 0o777)
    }

    static func hardLink(_ path: String, _ target: String) -> CraftedEntry {
        CraftedEntry(path: Array(path.utf8), kind: .hardLink, target: Array(target.utf8))
    }
}

/// Layers that tests make, and the root filesystem that they merge to.
enum CraftedLayers {
    /// The name of the layers in errors.
    static let name = "the layer 1 of 'test.tar'"

    /// An uncompressed tar in a temporary file.
    static func range(_ bytes: [UInt8]) throws -> FileRange {
        let directory = try TemporaryDirectory()
        let path = try directory.write(bytes, to: "layer.tar")
        return try OpenFile(owning: open(path, O_RDONLY | O_CLOEXEC), name: "'test.tar'").whole
    }

    static func tar(_ entries: [CraftedEntry]) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: TarOwner())
        for entry in entries {
            try entry.path.withUnsafeBytes { path in
                try entry.target.withUnsafeBytes { target in
                    try writer.header(
                        TarEntry(
                            path: path, kind: entry.kind, mode: entry.mode, size: UInt64(entry.body.count),
                            linkTarget: target, device: entry.device, attributes: entry.attributes,
                            xattrs: entry.xattrs))
                }
            }
            try writer.body(entry.body)
        }
        try writer.finish()
        return sink.bytes
    }

    static func tree(_ layers: [[CraftedEntry]]) throws -> RootFilesystem {
        var tree = RootFilesystem()
        for layer in layers { try tree.apply(range(tar(layer)), name: name) }
        return tree
    }

    /// The tar of the root filesystem of layers.
    static func flat(_ layers: [[CraftedEntry]]) throws -> [UInt8] {
        let sink = MemorySink()
        let size = try RootfsWriter.write(tree(layers), to: sink)
        guard size == UInt64(sink.bytes.count) else { throw WrongSize() }
        return sink.bytes
    }

    struct WrongSize: Error {}

    /// The entries of that tar without the root, a line each: `d ./a/`, `f ./a/b BODY`, `l ./c -> TARGET`,
    /// `h ./d = ./a/b`, `c ./null 1:3`, `b ./disk 8:0`, `p ./fifo`.
    static func lines(_ layers: [CraftedEntry]...) throws -> [String] {
        let reader = TarReader(MemorySource(try flat(layers)), archive: "the flat tar")
        var lines: [String] = []
        while let member = try reader.next() {
            let name = String(decoding: member.path, as: UTF8.self)
            let target = String(decoding: member.linkTarget, as: UTF8.self)
            let device = "\(member.deviceMajor):\(member.deviceMinor)"
            let body = String(decoding: try reader.body(limit: 1 << 20), as: UTF8.self)
            switch member.kind {
            case .directory: lines.append("d \(name)")
            case .file: lines.append(body.isEmpty ? "f \(name)" : "f \(name) \(body)")
            case .symbolicLink: lines.append("l \(name) -> \(target)")
            case .hardLink: lines.append("h \(name) = \(target)")
            case .characterDevice: lines.append("c \(name) \(device)")
            case .blockDevice: lines.append("b \(name) \(device)")
            case .fifo: lines.append("p \(name)")
            }
        }
        return lines.first == "d ./" ? Array(lines.dropFirst()) : ["no root"] + lines
    }

    /// The error for layers that are refused.
    static func refusal(_ layers: [CraftedEntry]...) -> ToolError? {
        do {
            _ = try tree(layers)
            return nil
        } catch {
            return error as? ToolError
        }
    }
}
