import ByteIO
import Compression
import Errors
import OCI
import Tar

/// One reading of a layer from its first byte to its last, that finds out all there is to know of it.
package struct LayerExamination: Sendable {
    /// Bytes of the plain tar.
    package let size: UInt64
    package private(set) var faults: [ImageIssues.Fault]

    /// - Throws: `ToolError` with code `io` if the layer cannot be read. What is wrong with it is no error, but a fault.
    package init(_ layer: ArchivedLayer) throws {
        let place = layer.words
        let file = try layer.file
        let (digest, diffID): (Digest, Digest?)
        if try Compression(of: file) == .none {
            // The entries are read by themselves: so what lies between them is passed over, and hashed in large pieces.
            faults = try Self.structure(file.source(), place)
            digest = try file.digest()
            (diffID, size) = (digest, file.size)
        } else {
            let compressed = HashedSource(file.source(), try SHA256())
            do {
                let plain = HashedSource(
                    try DecompressingSource(compressed, name: place, limits: .layer), try SHA256())
                faults = try Self.structure(plain, place)
                _ = try plain.skip(.max)
                (diffID, size) = (plain.finish(), plain.count)
            } catch let failure as ToolError where failure.code == .data {
                faults = [ImageIssues.Fault(place, failure.cause)]
                (diffID, size) = (nil, 0)
            }
            _ = try compressed.skip(.max)
            digest = compressed.finish()
        }
        if let wanted = layer.digest, digest != wanted {
            faults.append(ImageIssues.Fault(place, "digest", got: "\(digest)", wanted: "\(wanted)"))
        }
        if let diffID, diffID != layer.diffID {
            faults.append(ImageIssues.Fault(place, "diffID", got: "\(diffID)", wanted: "\(layer.diffID)"))
        }
    }

    /// What is wrong with the tar itself.
    private static func structure(_ source: any ByteSource, _ place: String) throws -> [ImageIssues.Fault] {
        var faults: [ImageIssues.Fault] = []
        let tar = TarReader(source, archive: place)
        var names: Set<[UInt8]> = []
        do {
            while let member = try tar.next() {
                // A directory's slash is no part of its name.
                var name = member.path
                while name.count > 1, name.last == UInt8(ascii: "/") { name.removeLast() }
                guard names.insert(name).inserted else {
                    faults.append(
                        ImageIssues.Fault(
                            "\(place), entry \(member.number) '\(TerminalText.printable(name))'",
                            "it has the name of an earlier entry"))
                    continue
                }
            }
            if !tar.hasEndBlocks { faults.append(ImageIssues.Fault(place, "the tar has no end blocks")) }
            let junk = try tar.finish()
            if junk > 0 {
                faults.append(
                    ImageIssues.Fault(place, "\(junk) bytes that are no padding lie behind the end of the tar"))
            }
        } catch let failure as ToolError where failure.code == .data {
            faults.append(ImageIssues.Fault(failure))
        }
        return faults
    }
}
