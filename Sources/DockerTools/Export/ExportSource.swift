import Archives
import Digests
import Images
import SystemPackage

/// Where an exported image comes from.
enum ExportSource {
    case archive(ImageArgument)
    /// A spec that was read for the verb. For `export` itself the base is exported as it is.
    case spec(ImageSpec, SpecVerb, path: FilePath?)

    /// Reads the spec, if it is one.
    ///
    /// - Throws: `Failure` with code `data` for a bad one.
    init(_ argument: ImageArgument, _ surroundings: Surroundings, _ reporter: any Reporter) throws {
        guard argument.isSpec else {
            self = .archive(argument)
            return
        }
        let source = try SpecSource(argument: argument.text, anyExtension: true)
        let file = try SpecFile(reading: source, currentDirectory: surroundings.currentDirectory)
        let verb = argument.verb ?? SpecVerb.toldToExport(by: file, sets: argument.sets)
        let spec = try ImageSpec(file, sets: argument.sets, verb: verb, environment: surroundings.environment)
        for warning in spec.warnings { reporter.warn(warning) }
        self = .spec(spec, verb, path: source.path.map { surroundings.currentDirectory.pushing($0) })
    }

    /// The files and folders that the image is read or made from.
    func inputs(_ surroundings: Surroundings) -> [FilePath] {
        switch self {
        case .archive(let argument): argument.inputs(surroundings)
        case .spec(let spec, _, let path): spec.inputs + [path].compactMap { $0 }
        }
    }

    /// The image.
    ///
    /// - Throws: `Failure`.
    func image(_ surroundings: Surroundings, _ reporter: any Reporter) async throws -> any Image {
        switch self {
        case .archive(let argument): return try await argument.image(surroundings, reporter)
        case .spec(let spec, let verb, let path):
            let makers = [path].compactMap { $0 }.map { $0.real ?? $0 }
            if verb == .export, let base = try await BaseImage(of: spec, surroundings, reporter, makers: makers) {
                return spec.name.isEmpty ? base.image : NamedImage(image: base.image, name: spec.name)
            }
            return try await SpecImage.make(
                spec, as: verb, surroundings: surroundings, reporter: reporter, makers: makers)
        }
    }
}

/// An image under another name, without a tag.
private struct NamedImage: Image {
    let image: any Image
    let name: String?

    func names(imageID: Digest) -> [ImageName] { [ImageName(name: name, tag: nil)] }
    var layers: [any Layer] { image.layers }
    func config(diffIDs: [Digest]) throws -> [UInt8] { try image.config(diffIDs: diffIDs) }
}
