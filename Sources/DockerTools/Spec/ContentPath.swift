import ByteIO
import Glibc
package import Store
package import SystemPackage

/// A path of a spec's `contents`.
public struct ContentPath: Hashable, Sendable {
    /// The place of a content.
    package enum Place: Hashable, Sendable {
        /// A store path, or a path below it (`bin/sh`); `below` is empty for the store path itself.
        case store(StorePath, below: String)
        /// The absolute path of a directory or file outside of the store.
        case machine(FilePath)
    }

    /// The path as the spec has it.
    public let written: String
    /// The place that the path leads to.
    package let place: Place

    /// The absolute path below the logical store directory; nil outside of the store.
    package var logicalPath: String? {
        guard case .store(let path, let below) = place else { return nil }
        return below.isEmpty ? path.path : "\(path.path)/\(below)"
    }

    /// The store path that the content is or is in; nil outside of the store.
    package var storePath: StorePath? {
        guard case .store(let path, _) = place else { return nil }
        return path
    }

    /// The absolute path on this machine.
    package func machinePath(in store: StoreLocation) -> FilePath {
        switch place {
        case .machine(let path): path
        case .store: store.machinePath(of: logicalPath ?? "")
        }
    }

    /// A path of this machine that is not resolved yet: it may be relative, or lead into the store.
    public init(_ written: String) {
        self.written = written
        place = .machine(FilePath(written))
    }

    private init(written: String, place: Place) {
        self.written = written
        self.place = place
    }

    /// The path with its place relative to the store.
    ///
    /// - Parameter directory: the absolute directory that a relative path starts from.
    /// - Returns: nil if the path leads into the store's directory, but not to a store path.
    func resolved(from directory: FilePath, in store: StoreLocation) -> ContentPath? {
        guard case .machine(let path) = place else { return self }
        let absolute = path.absolute(from: directory)
        let places = StorePlaces(store)
        guard let rest = places.rest(of: absolute) ?? places.restOfLink(at: absolute) else {
            return ContentPath(written: written, place: .machine(absolute))
        }
        let parts = rest.split(separator: "/", maxSplits: 1)
        guard let baseName = parts.first,
            let path = StorePath(baseName: String(baseName), storeDir: store.storeDir)
        else { return nil }
        return ContentPath(
            written: written, place: .store(path, below: parts.count > 1 ? String(parts[1]) : ""))
    }
}

/// The directories by which paths of this machine lead into a store: its logical one, and where it is on this machine.
private struct StorePlaces {
    /// The maximum number of links on a path, as in Linux (path_resolution(7)).
    private static let linkLimit = 40

    private let directories: [String]

    init(_ store: StoreLocation) {
        let directory = store.machinePath(of: store.storeDir).lexicallyNormalized()
        directories = [store.storeDir, directory.string] + [directory.real?.string].compactMap { $0 }
    }

    /// The part of an absolute path below the store's directory, by its text alone: the store need not exist yet, and a
    /// store path that is a link stays one. Nil if the path does not lead into the store.
    func rest(of path: FilePath) -> Substring? {
        let normalized = path.lexicallyNormalized().string
        guard let directory = directories.first(where: { normalized.hasPrefix($0 + "/") }) else { return nil }
        return normalized.dropFirst(directory.count + 1)
    }

    /// The part below the store's directory of the path that an absolute one leads to through links, such as `result` of
    /// `nix-build` or a profile. Nil if it does not lead into the store.
    func restOfLink(at path: FilePath) -> Substring? {
        var (place, rest) = (FilePath("/"), path)
        for _ in 0...Self.linkLimit {
            guard let (link, target, behind) = Self.firstLink(on: rest, from: place) else { return nil }
            place = link.removingLastComponent()
            rest = target.pushing(behind)
            if rest.isAbsolute { place = "/" }
            if let found = self.rest(of: place.pushing(rest)) { return found }
        }
        return nil
    }

    /// The first link on a path, its target, and the components behind it.
    private static func firstLink(
        on path: FilePath, from start: FilePath
    ) -> (link: FilePath, target: FilePath, behind: FilePath)? {
        var place = start
        let components = path.components
        for index in components.indices {
            switch components[index].kind {
            case .currentDirectory: continue
            case .parentDirectory: place.removeLastComponent()
            case .regular:
                place.append(components[index])
                guard let target = place.linkTarget else { continue }
                return (place, target, FilePath(root: nil, components[components.index(after: index)...]))
            }
        }
        return nil
    }
}

extension FilePath {
    /// The target of the link at this path; nil if there is none.
    var linkTarget: FilePath? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = withPlatformString { readlink($0, &buffer, buffer.count - 1) }
        // Zeros follow the target in the buffer.
        return length > 0 ? FilePath(platformString: buffer) : nil
    }
}

extension ContentPath: ExpressibleByStringLiteral {
    /// A path of this machine.
    public init(stringLiteral path: String) { self.init(path) }
}

/// The names of architectures that the image specification demands: Go's GOARCH values.
enum HostArchitecture {
    /// The architectures that Go builds Linux programs for. Source: `go tool dist list`.
    static let known = [
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
        "riscv64", "s390x",
    ]

    /// The names of Nix and `uname`, which some users of nixpkgs' `pullImage` pass, with their GOARCH names.
    static let aliases = ["aarch64": "arm64", "x86_64": "amd64"]

    /// The GOARCH name of an architecture or an alias.
    static func goName(of name: String) -> String { aliases[name] ?? name }

    /// The GOARCH name of this machine's architecture.
    static var name: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #elseif arch(arm)
            "arm"
        #elseif arch(i386)
            "386"
        #elseif arch(riscv64)
            "riscv64"
        #elseif arch(powerpc64le)
            "ppc64le"
        #elseif arch(s390x)
            "s390x"
        #else
            #error("add the GOARCH name of this architecture")
        #endif
    }
}
