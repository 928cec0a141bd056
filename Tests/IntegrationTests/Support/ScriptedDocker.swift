import Foundation
import Synchronization
import TestSupport

/// A scripted Docker API with containerd's image store: it keeps the blobs of the archives that it gets in a directory,
/// and tells what it has as Docker 29 does.
final class ScriptedDocker: Sendable {
    fileprivate struct State {
        /// The descriptors of the index entries of all archives.
        var entries: [[String: any Sendable]] = []
        /// The paths of the archives, in the order of their arrival.
        var archives: [String] = []
        /// Digests of layers that are lost when the next archive arrives.
        var losses: [String] = []
    }

    fileprivate final class Store: Sendable {
        let directory: TemporaryDirectory
        let state = Mutex(State())
        init() throws { directory = try TemporaryDirectory() }
    }

    private let store: Store
    let server: ScriptedServer

    /// The address of the API.
    var host: String { "tcp://\(server.authority)" }
    /// The paths of the archives, in the order of their arrival.
    var archives: [String] { store.state.withLock { $0.archives } }

    /// - Parameter version: the version of the API.
    init(version: String = "1.52") throws {
        let store = try Store()
        self.store = store
        server = try ScriptedServer { (request: ScriptedServer.Request) -> ScriptedServer.Response in
            switch (request.method, request.path) {
            case ("GET", "/_ping"): ScriptedServer.Response(200, [("API-Version", version)])
            case ("GET", "/info"):
                .init(
                    200,
                    text: #"{"ServerVersion":"29","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#)
            case ("GET", "/images/json"): .init(200, text: store.list)
            case ("POST", "/images/load"): store.load(request.body)
            case ("POST", _): ScriptedServer.Response(201)
            case (_, let path): store.inspect(String(path.dropFirst("/images/".count).dropLast("/json".count)))
            }
        }
    }

    /// Forgets a layer when the next archive arrives.
    func loseNextTime(_ digest: String) { store.state.withLock { $0.losses.append(digest) } }
}

extension ScriptedDocker.Store {
    var list: String {
        let ids = Set(state.withLock { $0.entries }.compactMap { $0["digest"] as? String })
        return "[" + ids.map { "{\"Id\":\"\($0)\"}" }.joined(separator: ",") + "]"
    }

    func load(_ archive: [UInt8]) -> ScriptedServer.Response {
        do {
            let number = state.withLock { $0.archives.count }
            let path = try directory.write(archive, to: "archive\(number).tar")
            try Program.output(["tar", "-C", directory.path, "-xf", path])
            let index = try JSONSerialization.jsonObject(with: Data(directory.read("index.json"))) as? [String: Any]
            let entries = index?["manifests"] as? [[String: any Sendable]] ?? []
            state.withLock { state in
                state.archives.append(path)
                state.entries += entries
                for digest in state.losses { try? FileManager.default.removeItem(atPath: blob(digest)) }
                state.losses = []
            }
            return .init(200, text: "{\"stream\":\"Loaded image\"}\n")
        } catch {
            return .init(500, text: #"{"message":"cannot read the archive"}"#)
        }
    }

    func inspect(_ id: String) -> ScriptedServer.Response {
        let entries = state.withLock { $0.entries }
        guard let entry = entries.last(where: { $0["digest"] as? String == id }), let manifest = json(id),
            let config = (manifest["config"] as? [String: Any])?["digest"] as? String,
            let layers = manifest["layers"] as? [[String: Any]]
        else { return .init(404, text: #"{"message":"No such image"}"#) }
        let files = [config] + layers.compactMap { $0["digest"] as? String }
        let isAvailable = files.allSatisfy { FileManager.default.fileExists(atPath: blob($0)) }
        let image: [String: Any] = [
            "Id": id, "RepoTags": [], "Descriptor": entry,
            "RootFS": ["Type": "layers", "Layers": (json(config)?["rootfs"] as? [String: Any])?["diff_ids"] ?? []],
            "Manifests": [["ID": id, "Available": isAvailable]],
        ]
        let bytes = (try? JSONSerialization.data(withJSONObject: image)) ?? Data()
        return .init(200, body: [UInt8](bytes))
    }

    private func blob(_ digest: String) -> String { directory.path("blobs/sha256/\(digest.dropFirst(7))") }

    private func json(_ digest: String) -> [String: Any]? {
        FileManager.default.contents(atPath: blob(digest)).flatMap {
            try? JSONSerialization.jsonObject(with: $0) as? [String: Any]
        }
    }
}
