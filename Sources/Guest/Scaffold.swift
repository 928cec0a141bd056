import Failures
import Glibc

/// A folder below all others that has what this machine mounts something on: so nothing of it has to be made in the layer.
struct Scaffold {
    static let path = "/scaffold"
    /// Where programs look for the name server's address.
    static let resolverFile = "/etc/resolv.conf"

    /// What is in its root.
    let names: [String]

    init(hasNetwork: Bool) throws {
        var folders = ["dev": 0o755, "proc": 0o555, "sys": 0o555, "tmp": 0o1777]
        if hasNetwork { folders["etc"] = 0o755 }
        names = folders.keys.sorted()
        mkdir(Self.path, 0o755)
        for (name, mode) in folders {
            let folder = "\(Self.path)/\(name)"
            guard mkdir(folder, 0o755) == 0, chmod(folder, mode_t(mode)) == 0 else {
                throw Failure.io("cannot make the folder \(folder)")
            }
        }
        guard hasNetwork else { return }
        close(open(Self.path + Self.resolverFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
    }
}
