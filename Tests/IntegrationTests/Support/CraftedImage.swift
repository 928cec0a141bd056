import Foundation
import TestSupport

/// An image as skopeo's `dir:` has it, that `Tests/Peers/crafted_image.py` writes.
struct CraftedImage {
    /// How skopeo names it.
    let source: String
    /// Of the manifest.
    let digest: String

    /// - Parameters:
    ///   - directory: where it is written, with the layers' tars.
    ///   - layers: a text for each layer, which has one file of it; `empty` for one without files.
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
