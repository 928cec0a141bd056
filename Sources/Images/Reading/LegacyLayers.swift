import Archives
import Failures
import Tar

/// What docker-archives have beside each layer for readers older than Docker 1.10: an image for each, the child of the one
/// below it.
///
/// Source: Docker Image Specification v1.0, "Image JSON Description"; nothing but old readers looks at it.
struct LegacyLayers {
    private let files: any ImageFiles

    init(_ files: any ImageFiles) {
        self.files = files
    }

    /// Tells what in them contradicts the order of the layers. A layer that several images have, or one has twice, is
    /// described once, as the child of any of those that it lies on.
    ///
    /// - Parameter images: the files of each image's layers, the lowest first.
    func check(_ images: [[String]], _ faults: ImageFaults) throws {
        var parents: [String: Set<String>] = [:]
        for names in images {
            let ids = names.filter { $0.hasSuffix(Self.suffix) }.map { String($0.dropLast(Self.suffix.count)) }
            guard ids.count == names.count else { continue }
            for (id, parent) in zip(ids, [Self.none] + ids) { parents[id, default: []].insert(parent) }
        }
        for (id, wanted) in parents.sorted(by: { $0.key < $1.key }) {
            let path = "\(id)/json"
            guard try files.file(path) != nil else { continue }
            let json = try files.value(path, "the layer's JSON")
            let place = TarName.quoted(path)
            if let got = json["id"]?.string, got != id {
                faults.add(ImageFaults.Fault(place, "id", got: got, wanted: id))
            }
            let parent = json["parent"]?.string ?? Self.none
            if !wanted.contains(parent) {
                let wanted = wanted.sorted().joined(separator: " or ")
                faults.add(ImageFaults.Fault(place, "parent", got: parent, wanted: wanted))
            }
        }
    }

    private static let suffix = "/layer.tar"
    /// For a layer that lies on no other.
    private static let none = "none"
}
