/// The parsed path of an entry in a layer.
///
/// Source: OCI Image Format Specification v1.1, "Image Layer Filesystem Changeset"; for AUFS's files, Docker's
/// `archive`.
struct LayerPath {
    /// The meaning of an entry with that path.
    enum Meaning {
        /// The root of the image.
        case root
        /// A file, directory, link or device.
        case entry
        /// The removal of a file or directory of lower layers: `.wh.NAME`.
        case whiteout
        /// The removal of everything that lower layers have in a directory: `.wh..wh..opq`.
        case opaque
        /// A file of AUFS itself in an old layer, which is ignored: `.wh..wh.*`.
        case bookkeeping
    }

    /// The start of the names of whiteouts, which no file can have.
    static let whiteoutPrefix = Array(".wh.".utf8)
    private static let bookkeepingPrefix = Array(".wh..wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)

    let meaning: Meaning
    /// The names of the parent directories, from the root on.
    let directories: ArraySlice<ArraySlice<UInt8>>
    /// The last component, for a whiteout the name that it removes; empty for the root.
    let name: ArraySlice<UInt8>

    /// - Throws: `LayerError` for a path that leads out of the root, or that no file can have.
    init(_ path: [UInt8]) throws(LayerError) {
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
                throw LayerError("it is a whiteout without a valid name")
            }
            (meaning, name) = (.whiteout, hidden)
        } else {
            (meaning, name) = (.entry, last)
        }
    }

    /// The components of a path below the root, without empty ones and `.`.
    static func components(_ path: [UInt8]) throws(LayerError) -> [ArraySlice<UInt8>] {
        guard !path.isEmpty else { throw LayerError("its name is empty") }
        guard path.count <= RootfsLimits.path else {
            throw LayerError("its name has \(path.count) bytes, more than the limit of \(RootfsLimits.path)")
        }
        guard !path.contains(0) else { throw LayerError("its name contains a NUL character") }
        let components = split(path).filter { !isDot($0) }
        for component in components {
            guard !isDotDot(component) else { throw LayerError("its name contains '..'") }
            try check(component)
        }
        return components
    }

    /// The components between slashes, without empty ones.
    static func split(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        path.split(separator: UInt8(ascii: "/"))
    }

    static func check(_ component: ArraySlice<UInt8>) throws(LayerError) {
        guard component.count <= RootfsLimits.component else {
            throw LayerError(
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

    /// Whether one of the directories is AUFS's own. No other directory may have the name of a whiteout.
    private static func isBookkeeping(_ directories: ArraySlice<ArraySlice<UInt8>>) throws(LayerError) -> Bool {
        for directory in directories where isWhiteout(directory) {
            guard directory.starts(with: bookkeepingPrefix), !directory.elementsEqual(opaqueName) else {
                throw LayerError("it is below a whiteout")
            }
            return true
        }
        return false
    }
}
