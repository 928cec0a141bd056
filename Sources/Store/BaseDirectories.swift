import CLinux
import Errors
import Glibc
import SystemPackage
package import Tar

/// The directories below a tree that is laid over them: those of a base image or of earlier contents.
///
/// Paths are relative to the image's root, without a leading or trailing slash; the root's path is empty.
package protocol BaseDirectories {
    /// Resolves a link to a directory inside the root.
    ///
    /// - Returns: the directory's path without links; nil if `path` is not a link to a directory.
    func resolve(_ path: [UInt8]) -> [UInt8]?

    /// The directory at a path without links; nil if there is none.
    func directory(at path: [UInt8]) -> BaseDirectory?
}

/// The metadata of a base directory.
package struct BaseDirectory: Sendable {
    /// The permission bits with setuid, setgid and sticky: 07777.
    package var mode: UInt16
    /// The extended attributes, sorted by name.
    package var xattrs: [TarXattr]
    /// The owner and time; nil: those of the image that is built.
    package var attributes: TarAttributes?

    /// - Parameters:
    ///   - mode: the permission bits: 07777.
    ///   - attributes: the owner and time; nil: those of the image that is built.
    package init(mode: UInt16, xattrs: [TarXattr] = [], attributes: TarAttributes? = nil) {
        self.mode = mode
        self.xattrs = xattrs
        self.attributes = attributes
    }
}

extension TreeIndex: BaseDirectories {
    /// The most links that are followed, as in Linux (path_resolution(7)).
    private static let linkLimit = 40

    func resolve(_ path: [UInt8]) -> [UInt8]? {
        guard let directories = follow(path) else { return nil }
        let found = Array(directories.dropFirst().map { name(of: $0) }.joined(separator: [UInt8(ascii: "/")]))
        return found == path ? nil : found
    }

    func directory(at path: [UInt8]) -> BaseDirectory? {
        var index = 0
        for component in path.split(separator: UInt8(ascii: "/")) {
            guard let child = child(of: index, named: component) else { return nil }
            index = child
        }
        let entry = tree.entries[index]
        guard entry.kind == .directory else { return nil }
        return BaseDirectory(mode: entry.mode, xattrs: tree.xattrs(of: entry), attributes: tree.attributes(of: entry))
    }

    /// The indices of the directories from the root to the one at a path, links resolved as if the tree's root were
    /// `/`.
    ///
    /// - Returns: nil if the path does not lead to a directory.
    private func follow(_ path: [UInt8]) -> [Int]? {
        var directories = [0]
        var rest = Array(path.split(separator: UInt8(ascii: "/")).reversed())
        var links = 0
        while let component = rest.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                if directories.count > 1 { directories.removeLast() }
                continue
            }
            guard let parent = directories.last, let child = child(of: parent, named: component) else { return nil }
            let entry = tree.entries[child]
            switch entry.kind {
            case .directory: directories.append(child)
            case .link:
                links += 1
                guard links <= Self.linkLimit else { return nil }
                let target = tree.linkTarget(of: entry)
                if target.first == UInt8(ascii: "/") { directories = [0] }
                rest += target.split(separator: UInt8(ascii: "/")).reversed()
            case .file, .fifo, .characterDevice, .blockDevice, .socket: return nil
            }
        }
        return directories
    }
}

/// Descriptors of the directories of a tree's origins (O_PATH).
///
/// Only the most recently opened ones are kept, because a tree may have more origins than a process may have
/// descriptors.
final class OriginDirectories {
    /// The number of descriptors to keep: below 1024, the usual limit on open files, and above the number of contents
    /// of most images.
    private static let limit = 64

    private let origins: [FileTree.Origin]
    private var descriptors: [UInt16: Int32] = [:]
    /// The origins with a descriptor in the order in which they were opened.
    private var order: [UInt16] = []

    init(_ origins: [FileTree.Origin]) {
        self.origins = origins
    }

    deinit {
        for descriptor in descriptors.values { close(descriptor) }
    }

    /// The descriptor of an origin's directory, valid until the next call.
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
