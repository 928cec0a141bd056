import Archives
import Failures

/// What docker-archives have beside each layer for readers older than Docker 1.10: an image for each, the child of the one
/// below it.
///
/// Source: Docker Image Specification v1.0, "Image JSON Description"; nothing but old readers looks at it.
struct LegacyLayers {
    private let files: any ImageFiles

    init(_ files: any ImageFiles) {
        self.files = files
    }

    /// Tells what in them contradicts the order of an image's layers.
    ///
    /// - Parameter names: the layers' files, the lowest first.
    func check(_ names: [String], _ faults: ImageFaults) throws {
        var parent: String?
        var seen: Set<String> = []
        for name in names {
            guard name.hasSuffix("/layer.tar") else { return }
            let id = String(name.dropLast("/layer.tar".count))
            defer { parent = id }
            let path = "\(id)/json"
            guard seen.insert(id).inserted, try files.file(path) != nil else { continue }
            let json = try files.value(path, "the layer's JSON")
            let place = TarFiles.quoted(path)
            if let got = json["id"]?.string, got != id {
                faults.add(ImageFaults.Fault(place, "id", got: got, wanted: id))
            }
            if json["parent"]?.string != parent {
                faults.add(
                    ImageFaults.Fault(
                        place, "parent", got: json["parent"]?.string ?? "none", wanted: parent ?? "none"))
            }
        }
    }
}
