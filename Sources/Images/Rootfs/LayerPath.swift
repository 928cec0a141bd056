/// The name of an entry in a layer, taken apart and judged.
///
/// Source: OCI Image Specification v1.1, "Image Layer Filesystem Changeset"; for the bookkeeping, Docker's `archive`.
struct LayerPath {
    /// What an entry of that name stands for.
    enum Meaning {
        /// The root of the image.
        case root
        /// A file or whatever else.
        case entry
        /// Something of lower layers is removed: `.wh.NAME`.
        case whiteout
        /// All that lower layers have in a directory is removed: `.wh..wh..opq`.
        case opaque
        /// What AUFS kept for itself, in layers from its time: `.wh..wh.*`. It stands for nothing.
        case bookkeeping
    }

    private static let whiteoutPrefix = Array(".wh.".utf8)
    private static let bookkeepingPrefix = Array(".wh..wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)

    let meaning: Meaning
    /// The directories on the way, from the root on.
    let directories: ArraySlice<ArraySlice<UInt8>>
    /// The last component, for a whiteout what it removes; empty for the root.
    let name: ArraySlice<UInt8>

    /// - Throws: `LayerFault` for a name that leads out of the root, or that no file can have.
    init(_ path: [UInt8]) throws(LayerFault) {
        let components = try Self.components(path)
        guard let last = components.last else {
            (meaning, directories, name) = (.root, [], [])
            return
        }
        directories = components.dropLast()
        if try Self.isBookkeeping(directories) {
            (meaning, name) = (.bookkeeping, last)
        } else if last.elementsEqual(Self.opaqueName) {
            (meaning, name) = (.opaque, last)
        } else if last.starts(with: Self.bookkeepingPrefix) {
            (meaning, name) = (.bookkeeping, last)
        } else if Self.isWhiteout(last) {
            let hidden = last.dropFirst(Self.whiteoutPrefix.count)
            guard !hidden.isEmpty, !Self.isDot(hidden), !Self.isDotDot(hidden) else {
                throw LayerFault("it is a whiteout of no name")
            }
            (meaning, name) = (.whiteout, hidden)
        } else {
            (meaning, name) = (.entry, last)
        }
    }

    /// The components of a path below the root, without those that lead nowhere.
    static func components(_ path: [UInt8]) throws(LayerFault) -> [ArraySlice<UInt8>] {
        guard !path.isEmpty else { throw LayerFault("its name is empty") }
        guard path.count <= RootfsLimits.path else {
            throw LayerFault("its name has \(path.count) bytes, more than the limit of \(RootfsLimits.path)")
        }
        guard !path.contains(0) else { throw LayerFault("its name holds a NUL") }
        let components = split(path).filter { !isDot($0) }
        for component in components {
            guard !isDotDot(component) else { throw LayerFault("its name leads upwards, by '..'") }
            try check(component)
        }
        return components
    }

    /// The parts between slashes that are not empty.
    static func split(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        path.split(separator: UInt8(ascii: "/"))
    }

    static func check(_ component: ArraySlice<UInt8>) throws(LayerFault) {
        guard component.count <= RootfsLimits.component else {
            throw LayerFault(
                "a component of its name has \(component.count) bytes, more than the limit of "
                    + "\(RootfsLimits.component)")
        }
    }

    static func isWhiteout(_ component: ArraySlice<UInt8>) -> Bool { component.starts(with: whiteoutPrefix) }

    static func isDot(_ component: ArraySlice<UInt8>) -> Bool {
        component.count == 1 && component.first == UInt8(ascii: ".")
    }

    static func isDotDot(_ component: ArraySlice<UInt8>) -> Bool {
        component.count == 2 && component.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// Whether one of the directories is AUFS's own. No other may have the name of a whiteout.
    private static func isBookkeeping(_ directories: ArraySlice<ArraySlice<UInt8>>) throws(LayerFault) -> Bool {
        for directory in directories where isWhiteout(directory) {
            guard directory.starts(with: bookkeepingPrefix), !directory.elementsEqual(opaqueName) else {
                throw LayerFault("it lies below a whiteout")
            }
            return true
        }
        return false
    }
}
