import CLinux
import Errors
import Glibc
import SystemPackage
import Tar

/// Directories that are there before a tree is laid over them: those of a base image, or of the contents before.
///
/// Paths are below the image's root, without a slash before or behind them; that of the root is empty.
package protocol BaseDirectories {
    /// Where a link to a directory leads, inside the root.
    ///
    /// - Returns: the directory's path, without links on it; nil if no link stands at `path`, or one to no directory.
    func resolve(_ path: [UInt8]) -> [UInt8]?

    /// What the directory at a path without links is like; nil if there is none.
    func directory(at path: [UInt8]) -> BaseDirectory?
}

/// What a directory is like that is there before.
package struct BaseDirectory: Sendable {
    /// Permission bits with setuid, setgid and sticky: 07777.
    package var mode: UInt16
    package var xattrs: [TarXattr]
    /// Its owner and time; nil for those of the image that is made.
    package var attributes: TarAttributes?

    package init(mode: UInt16, xattrs: [TarXattr] = [], attributes: TarAttributes? = nil) {
        self.mode = mode
        self.xattrs = xattrs
        self.attributes = attributes
    }
}

extension TreeIndex: BaseDirectories {
    /// As many as Linux follows (path_resolution(7)).
    private static let linkLimit = 40

    func resolve(_ path: [UInt8]) -> [UInt8]? {
        guard let way = follow(path) else { return nil }
        let found = Array(way.dropFirst().map { name(of: $0) }.joined(separator: [UInt8(ascii: "/")]))
        return found == path ? nil : found
    }

    func directory(at path: [UInt8]) -> BaseDirectory? {
        var place = 0
        for component in path.split(separator: UInt8(ascii: "/")) {
            guard let child = child(of: place, named: component) else { return nil }
            place = child
        }
        let entry = tree.entries[place]
        guard entry.kind == .directory else { return nil }
        return BaseDirectory(mode: entry.mode, xattrs: tree.xattrs(of: entry), attributes: tree.attributes(of: entry))
    }

    /// The directories on the way to the directory that a path leads to, the root first, as if the root were that of the
    /// machine: an absolute link begins there, and nothing leads above it.
    private func follow(_ path: [UInt8]) -> [Int]? {
        var way = [0]
        var rest = Array(path.split(separator: UInt8(ascii: "/")).reversed())
        var links = 0
        while let component = rest.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                if way.count > 1 { way.removeLast() }
                continue
            }
            guard let place = way.last, let child = child(of: place, named: component) else { return nil }
            let entry = tree.entries[child]
            switch entry.kind {
            case .directory: way.append(child)
            case .link:
                links += 1
                guard links <= Self.linkLimit else { return nil }
                let target = tree.linkTarget(of: entry)
                if target.first == UInt8(ascii: "/") { way = [0] }
                rest += target.split(separator: UInt8(ascii: "/")).reversed()
            case .file, .fifo, .characterDevice, .blockDevice, .socket: return nil
            }
        }
        return way
    }
}

/// The directories of a tree's origins, open as mere places: those that were opened last, since a tree may have more origins
/// than a process may have descriptors.
final class OriginDirectories {
    /// Far below 1024, the usual limit on open files, and more than the contents of most images.
    private static let limit = 64

    private let origins: [FileTree.Origin]
    private var descriptors: [UInt16: Int32] = [:]
    /// The origins with a descriptor, the one that was opened first before all.
    private var order: [UInt16] = []

    init(_ origins: [FileTree.Origin]) {
        self.origins = origins
    }

    deinit {
        for descriptor in descriptors.values { close(descriptor) }
    }

    /// The descriptor of an origin's directory, good until the next call.
    ///
    /// - Throws: `ToolError` with code `io` if the directory cannot be opened.
    func descriptor(of origin: UInt16) throws -> Int32 {
        if let descriptor = descriptors[origin] { return descriptor }
        let path = origins[Int(origin)].path
        let descriptor = path.withPlatformString { clinux_open_place($0) }
        guard descriptor >= 0 else { throw ToolError.io("cannot open the directory \(path)") }
        if order.count == Self.limit, let oldest = descriptors.removeValue(forKey: order.removeFirst()) {
            close(oldest)
        }
        descriptors[origin] = descriptor
        order.append(origin)
        return descriptor
    }
}
