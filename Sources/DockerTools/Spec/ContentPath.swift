import Store
import SystemPackage

/// A path of a spec's `contents`.
package struct ContentPath: Hashable, Sendable {
    /// Where the content lies.
    package enum Place: Hashable, Sendable {
        /// In the store: a store path, and what follows it (`bin/sh`), empty for the whole of it.
        case store(StorePath, below: String)
        /// A plain directory or file of this machine, absolute.
        case machine(FilePath)
    }

    /// The path as the spec has it.
    package let written: String
    /// Where it leads.
    package let place: Place

    /// The absolute path in the store's own terms, wherever the store lies on this machine; nil for a plain directory.
    package var logicalPath: String? {
        guard case .store(let path, let below) = place else { return nil }
        return below.isEmpty ? path.path : "\(path.path)/\(below)"
    }

    /// Where the content lies on this machine.
    package func machinePath(in store: StoreLocation) -> FilePath {
        switch place {
        case .machine(let path): path
        case .store: store.machinePath(of: logicalPath ?? "")
        }
    }

    /// Nil if the path leads into the store's directory, and what it names there has no store path's name.
    ///
    /// - Parameters:
    ///   - directory: the absolute directory that a relative path starts from.
    init?(_ written: String, directory: FilePath, store: StoreLocation) {
        self.written = written
        let absolute = written.path(from: directory)
        // By the text alone, as the store need not be there yet, and its paths are no links.
        let normalised = absolute.lexicallyNormalized().string
        let directoryOnMachine = store.machinePath(of: store.storeDir).lexicallyNormalized().string
        guard
            let rest = Self.rest(of: normalised, below: store.storeDir)
                ?? Self.rest(of: normalised, below: directoryOnMachine)
        else {
            place = .machine(absolute)
            return
        }
        let parts = rest.split(separator: "/", maxSplits: 1)
        guard let baseName = parts.first,
            let path = StorePath(baseName: String(baseName), storeDir: store.storeDir)
        else { return nil }
        place = .store(path, below: parts.count > 1 ? String(parts[1]) : "")
    }

    private static func rest(of path: String, below directory: String) -> Substring? {
        path.hasPrefix(directory + "/") ? path.dropFirst(directory.count + 1) : nil
    }
}

/// The processors by the names that Go has for them (GOARCH), as the image specification asks.
enum HostArchitecture {
    /// Those that Go builds Linux programs for. Source: `go tool dist list`.
    static let known = [
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
        "riscv64", "s390x",
    ]

    /// What Nix and `uname` call them, and nixpkgs' `pullImage` is given at times.
    static let aliases = ["aarch64": "arm64", "x86_64": "amd64"]

    /// The name that Go has for the processor of a name or an alias.
    static func goName(of name: String) -> String { aliases[name] ?? name }

    /// This machine's.
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
            #error("name this processor as Go does")
        #endif
    }
}
