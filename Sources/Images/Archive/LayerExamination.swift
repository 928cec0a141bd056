import ByteIO
import Compression
import Errors
import OCI
import Tar

/// Everything that a check of a whole layer finds: its size, and what is wrong with it.
package struct LayerExamination: Sendable {
    /// The size of the uncompressed tar in bytes; 0 if the layer cannot be decompressed.
    package let size: UInt64
    /// What is wrong with the layer.
    package let issues: [ValidationIssue]

    /// Reads a layer from its first byte to its last.
    ///
    /// - Throws: `ToolError` with code `io` if the layer cannot be read. A layer that is not valid is not an error, but
    ///   an issue.
    package static func run(_ layer: ArchivedLayer) throws -> LayerExamination {
        let place = layer.displayName
        let file = try layer.file
        let (digest, diffID, size): (Digest, Digest?, UInt64)
        var issues: [ValidationIssue]
        if try Compression(of: file) == .none {
            // Only the headers are read here, and the file is hashed in large pieces afterwards.
            issues = try structure(file.source(), place)
            digest = try file.digest()
            (diffID, size) = (digest, file.size)
        } else {
            let compressed = HashedSource(file.source(), try SHA256())
            do {
                let tar = HashedSource(
                    try DecompressingSource(compressed, name: place, limits: layer.limits), try SHA256())
                issues = try structure(tar, place)
                _ = try tar.skip(.max)
                (diffID, size) = (tar.finish(), tar.count)
            } catch let failure as ToolError where failure.code == .data {
                issues = [ValidationIssue(place, failure.cause)]
                (diffID, size) = (nil, 0)
            }
            _ = try compressed.skip(.max)
            digest = compressed.finish()
        }
        if let wanted = layer.digest, digest != wanted {
            issues.append(ValidationIssue(place, "digest", got: "\(digest)", wanted: "\(wanted)"))
        }
        if let diffID, diffID != layer.statedDiffID {
            issues.append(ValidationIssue(place, "diffID", got: "\(diffID)", wanted: "\(layer.statedDiffID)"))
        }
        return LayerExamination(size: size, issues: issues)
    }

    /// Checks the tar itself.
    private static func structure(_ source: any ByteSource, _ place: String) throws -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        let tar = TarReader(source, archive: place)
        // Hashes instead of names, to save memory. They are seeded at random, so no archive can be made to have equal
        // ones for different names, and by chance a million names have them once in 10 million checks.
        var names: Set<Int> = []
        do {
            while let member = try tar.next() {
                // The slash at the end of a directory's path is not part of its name.
                var name = member.path
                while name.count > 1, name.last == UInt8(ascii: "/") { name.removeLast() }
                guard names.insert(name.hashValue).inserted else {
                    issues.append(
                        ValidationIssue(
                            "\(place), entry \(member.number) '\(TerminalText.printable(name))'",
                            "it has the same name as an earlier entry, which it replaces", severity: .note))
                    continue
                }
            }
            if !tar.hasEndBlocks {
                issues.append(ValidationIssue(place, "the tar has no end blocks", severity: .note))
            }
            // The source is a layer, whose size has its own limit: eStargz has its table of contents there.
            let junk = try tar.finish(limit: .max)
            if junk > 0 {
                issues.append(
                    ValidationIssue(
                        place, "\(junk) bytes that are not padding follow the end of the tar", severity: .note))
            }
        } catch let failure as ToolError where failure.code == .data {
            issues.append(ValidationIssue(failure))
        }
        return issues
    }
}
