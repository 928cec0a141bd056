import Foundation
import TestSupport

/// What `--json` tells of an image that was built.
struct BuiltImage: Decodable {
    struct Layer: Decodable, Equatable {
        let diffID: String
        let size: Int
        let storePaths: [String]
    }

    let name: String
    let tag: String
    let imageID: String
    let output: String
    let size: Int
    let layers: [Layer]

    /// Name and tag.
    var reference: String { "\(name):\(tag)" }
    /// The layers of store paths.
    var storeLayers: [Layer] { Array(layers.dropLast()) }

    /// The members of a layer, a line each, as `Tests/Peers/list_archive.py` writes them; -1 is the last.
    func members(ofLayer number: Int) throws -> [String] {
        let script = "\(Dockertools.checkout)/Tests/Peers/list_archive.py"
        let text = String(decoding: try Program.output(["python3", script, output, "\(number)"]), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// The members of the archive.
    func members() throws -> [String] {
        let script = "\(Dockertools.checkout)/Tests/Peers/list_archive.py"
        let text = String(decoding: try Program.output(["python3", script, output]), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }
}
