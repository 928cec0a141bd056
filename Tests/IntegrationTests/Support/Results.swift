import Foundation
import TestSupport

extension Program.Outcome {
    /// Decodes the standard output of a command with `--json`.
    func decode<Result: Decodable>(_ type: Result.Type) throws -> Result {
        try JSONDecoder().decode(type, from: Data(output))
    }
}

/// The JSON that `build` and `layered` print with `--json`.
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
    /// The layers of store paths: all but the customization layer.
    var storeLayers: [Layer] { Array(layers.dropLast()) }

    /// The members of a layer, one per line, as `Tests/Peers/list_archive.py` writes them; -1 is the last layer.
    func members(ofLayer number: Int) throws -> [String] {
        let script = "\(Dockertools.checkout)/Tests/Peers/list_archive.py"
        let text = String(decoding: try Program.output(["python3", script, output, "\(number)"]), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// The members of the archive, one per line.
    func members() throws -> [String] {
        let script = "\(Dockertools.checkout)/Tests/Peers/list_archive.py"
        let text = String(decoding: try Program.output(["python3", script, output]), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }
}

/// The JSON that `plan` prints with `--json`.
struct Plan: Decodable {
    struct Path: Decodable {
        let path: String
        let reason: String
    }

    struct Layer: Decodable {
        let number: Int
        let size: Int
        let share: Double
        let storePaths: [Path]
    }

    let name: String
    let size: Int
    let layers: [Layer]
}

/// The JSON that `inspect` prints with `--json`.
struct Inspection: Decodable {
    struct Layer: Decodable {
        let diffID: String
        let size: Int
    }

    struct Config: Decodable, Equatable {
        let cmd: [String]
        let env: [String]
        let user: String

        enum CodingKeys: String, CodingKey {
            case cmd = "Cmd"
            case env = "Env"
            case user = "User"
        }
    }

    let name: String
    let tag: String
    let imageID: String
    let created: String
    let os: String
    let config: Config
    let layers: [Layer]
}

/// The JSON that `validate` prints with `--json`.
struct ValidationReport: Decodable {
    struct Image: Decodable {
        struct Layer: Decodable {
            let diffID: String
            let chainID: String
            let size: Int
        }

        let names: [String]
        let imageID: String
        let layers: [Layer]
    }

    struct Fault: Decodable, Equatable {
        let `where`: String
        let what: String
        let got: String?
        let wanted: String?
    }

    let valid: Bool
    let images: [Image]
    let faults: [Fault]
    let notes: [Fault]
}

/// The JSON that `merge` prints with `--json`.
struct MergedArchive: Decodable {
    struct Image: Decodable {
        let name: String?
        let tag: String?
        let names: [String]
        let imageID: String
        let layers: [BuiltImage.Layer]
    }

    let output: String
    let size: Int
    let images: [Image]
}

/// The JSON that `push` prints with `--json`.
struct PushedImage: Decodable {
    struct Image: Decodable {
        let imageID: String
        let digest: String
        let platform: String
        let layers: [Layer]
    }

    struct Layer: Decodable {
        let diffID: String
        let digest: String
        let size: Int
        let status: String
        let storePaths: [String]
        let foundBy: String?
    }

    let name: String
    let tag: String?
    let digest: String
    let reference: String
    let sent: Int
    let spared: Int
    let images: [Image]

    /// The status of each layer of each image: uploaded, exists or mounted.
    var statuses: [String] { images.flatMap { $0.layers.map(\.status) } }
}

/// The JSON that `load` prints with `--json`.
struct LoadedImage: Decodable {
    struct Part: Decodable, Equatable {
        let layers: Int
        let bytes: Int
    }

    let name: String?
    let tag: String?
    let imageID: String
    let output: String
    let size: Int
    let layers: [BuiltImage.Layer]
    let sent: Part
    let spared: Part
    let daemonImageID: String?
}

/// The JSON that `doctor` prints with `--json`.
struct DoctorReport: Decodable {
    struct Check: Decodable {
        let name: String
        let works: Bool
        let detail: String
        let fix: String?
        let seconds: Double?
    }

    let checks: [Check]
    let runAsRoot: String?

    subscript(name: String) -> Check? { checks.first { $0.name == name } }
}
