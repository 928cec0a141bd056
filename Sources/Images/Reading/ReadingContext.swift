import ByteIO
import Errors
import OCI
import Synchronization

/// What the reading of images needs besides the images.
package struct ReadingContext: Sendable {
    /// Where what can be read but once is kept.
    package var spool: SpoolDirectory
    /// Where the digests of layers that were found right are kept, nil for nowhere.
    package var cache: DigestCache?
    /// False if layers are described and not read.
    package var keepsLayers: Bool
    /// What is chosen where an image is there for several.
    package var platform: Platform
    /// Where what contradicts itself is told; nil: it ends the reading.
    package var faults: ImageIssues?

    package init(spool: SpoolDirectory, cache: DigestCache?, keepsLayers: Bool, platform: Platform) {
        self.spool = spool
        self.cache = cache
        self.keepsLayers = keepsLayers
        self.platform = platform
    }
}

/// What is wrong with images, gathered while they are read: for whoever wants to know all of it.
package final class ImageIssues: Sendable {
    /// One thing that is wrong.
    package struct Fault: Hashable, Sendable {
        /// The part of the archive: `the config 'abc.json'`.
        package var place: String
        /// What is wrong with it: `digest`.
        package var what: String
        /// What was found; nil where there is nothing to compare.
        package var got: String?
        /// What should have been found.
        package var wanted: String?

        package init(_ place: String, _ what: String, got: String? = nil, wanted: String? = nil) {
            self.place = place
            self.what = what
            self.got = got
            self.wanted = wanted
        }

        /// What a reader refused: its words tell the place behind what it could not do.
        package init(_ refusal: ToolError) {
            let verb = ["cannot read ", "cannot use "].first(where: refusal.message.hasPrefix) ?? ""
            self.init(String(refusal.message.dropFirst(verb.count)), refusal.cause)
        }
    }

    private let found = Mutex<[Fault]>([])

    package init() {}

    /// All faults so far, in the order in which they were found.
    package var all: [Fault] { found.withLock { $0 } }

    package func add(_ fault: Fault) { found.withLock { $0.append(fault) } }
}

extension ReadingContext {
    /// Something that contradicts something else in an archive that can be read all the same: gathered where faults are,
    /// elsewhere the end of the reading.
    ///
    /// - Throws: `failure`, unless faults are gathered.
    func contradiction(_ fault: ImageIssues.Fault, _ failure: @autoclosure () -> ToolError) throws {
        guard let faults else { throw failure() }
        faults.add(fault)
    }
}

/// How large an image's own records may be before they are refused.
package enum ImageLimits {
    /// Bytes of a manifest, a config or another JSON member: 4 MiB, as registries have it for manifests.
    package static let json = 4 << 20
    /// Members of an archive: 65,536. An image has at most 127 layers with three members each.
    package static let members = 65536
}
