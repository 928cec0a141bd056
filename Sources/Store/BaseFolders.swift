import Tar

/// Folders that are there before a tree is laid over them: those of a base image, or of the contents before.
///
/// Paths are below the image's root, without a slash before or behind them; that of the root is empty.
public protocol BaseFolders {
    /// Where a link to a folder leads, inside the root.
    ///
    /// - Returns: the folder's path, without links on it; nil if no link stands at `path`, or one to no folder.
    func resolve(_ path: [UInt8]) -> [UInt8]?

    /// What the folder at a path without links is like; nil if there is none.
    func folder(at path: [UInt8]) -> BaseFolder?
}

/// What a folder is like that is there before.
public struct BaseFolder: Sendable {
    /// Permission bits with setuid, setgid and sticky: 07777.
    public var mode: UInt16
    public var xattrs: [TarXattr]
    /// Its owner and time; nil for those of the image that is made.
    public var attributes: TarAttributes?

    public init(mode: UInt16, xattrs: [TarXattr] = [], attributes: TarAttributes? = nil) {
        self.mode = mode
        self.xattrs = xattrs
        self.attributes = attributes
    }
}

extension TreeIndex: BaseFolders {
    /// As many as Linux follows (path_resolution(7)).
    private static let linkLimit = 40

    func resolve(_ path: [UInt8]) -> [UInt8]? {
        guard let way = follow(path) else { return nil }
        let found = Array(way.dropFirst().map { name(of: $0) }.joined(separator: [UInt8(ascii: "/")]))
        return found == path ? nil : found
    }

    func folder(at path: [UInt8]) -> BaseFolder? {
        var place = 0
        for component in path.split(separator: UInt8(ascii: "/")) {
            guard let child = child(of: place, named: component) else { return nil }
            place = child
        }
        let entry = tree.entries[place]
        guard entry.kind == .folder else { return nil }
        return BaseFolder(mode: entry.mode, xattrs: tree.xattrs(of: entry), attributes: tree.attributes(of: entry))
    }

    /// The folders on the way to the folder that a path leads to, the root first, as if the root were that of the
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
            case .folder: way.append(child)
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
