import Foundation
import TestSupport

/// An image in the format of skopeo's `dir:` transport, which `Tests/Peers/crafted_image.py` writes.
struct CraftedImage {
    /// The image's name for skopeo.
    let source: String
    /// The digest of the manifest.
    let digest: String

    /// - Parameters:
    ///   - directory: the directory for the image and the layers' tars.
    ///   - layers: the text of the only file in each layer; `empty` makes a layer without files.
    init(
        in directory: TemporaryDirectory, _ name: String = "image", kind: String = "oci", compression: String = "gzip",
        architecture: String = "amd64", layers: [String]
    ) throws {
        var tars: [String] = []
        for text in layers {
            let body = Array("\(text)\n".utf8) + [UInt8](repeating: 0x2E, count: 20_000)
            tars.append(
                text == "empty" ? text : try directory.write(TestTar.files([("file-\(text)", body)]), to: "\(text).tar")
            )
        }
        source = "dir:\(directory.path(name))"
        let script = "\(Dockertools.checkout)/Tests/Peers/crafted_image.py"
        let output = try Program.output(
            ["python3", script, directory.path(name), kind, compression, architecture] + tars)
        digest = String(decoding: output.dropLast(), as: UTF8.self)
    }
}
