import Failures
import Glibc
import Store
import SystemPackage

/// Follows links as they will be in the image, where the store is at its logical place, and not as on this machine.
struct LogicalLinks {
    /// As many as Linux follows (path_resolution(7)).
    private static let limit = 40

    private let store: StoreLocation

    init(_ store: StoreLocation) {
        self.store = store
    }

    /// The logical path that a logical path leads to when its last component is a link: still a link if it leads out of
    /// the store, as that is not known before there is an image.
    ///
    /// - Throws: `Failure` with code `data` for links that go round in a circle.
    func resolve(_ logical: String) throws -> String {
        var path = FilePath(logical)
        for _ in 0..<Self.limit {
            guard let target = link(at: path) else { return path.string }
            let next = path.removingLastComponent().pushing(target).lexicallyNormalized()
            guard next.string.hasPrefix(store.storeDir + "/"), exists(next) else { return path.string }
            path = next
        }
        throw Failure(
            .data, "cannot follow the link \(logical), which contents names",
            why: "it leads through more than \(Self.limit) links", advice: "see whether they go round in a circle")
    }

    private func exists(_ path: FilePath) -> Bool {
        var status = stat()
        return store.machinePath(of: path.string).withPlatformString { lstat($0, &status) } == 0
    }

    private func link(at path: FilePath) -> FilePath? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = store.machinePath(of: path.string).withPlatformString { readlink($0, &buffer, buffer.count - 1) }
        guard length > 0 else { return nil }
        // The rest of the buffer is zeros.
        return FilePath(platformString: buffer)
    }
}
