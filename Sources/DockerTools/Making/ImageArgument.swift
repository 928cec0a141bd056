import Failures
import Images
import SystemPackage

/// An argument of the command line that stands for an image: a spec, which is made, or a place where one is.
public struct ImageArgument: Sendable {
    let text: String
    let isSpec: Bool
    let verb: SpecVerb?
    let sets: [String]

    /// - Parameters:
    ///   - isSpec: whether it is a spec whatever it is called.
    ///   - verb: how the image of a spec is made; nil: as its keys tell.
    ///   - sets: overrides of the spec's keys.
    public init(_ text: String, isSpec: Bool = false, as verb: SpecVerb? = nil, sets: [String] = []) {
        self.text = text
        self.isSpec = isSpec || SpecSource.isSpec(text)
        self.verb = verb
        self.sets = sets
    }

    /// What a person typed.
    public var words: String { text }

    /// Where the image lies; nil for a spec.
    var location: ImageLocation? { get throws { isSpec ? nil : try ImageLocation(text) } }

    /// The image.
    ///
    /// - Throws: `Failure`.
    func image(_ surroundings: Surroundings, _ reporter: any Reporter) async throws -> any Image {
        if let location = try location {
            return try location.archive(surroundings, keepsLayers: true).image(named: location.name)
        }
        let source = try SpecSource(argument: text, anyExtension: true)
        return try await SpecImage.make(
            source, as: verb, sets: sets, surroundings: surroundings, reporter: reporter, makers: [])
    }

    /// All images of an archive, or the one that is chosen or made.
    func images(_ surroundings: Surroundings, _ reporter: any Reporter) async throws -> [any Image] {
        guard let location = try location else { return [try await image(surroundings, reporter)] }
        let archive = try location.archive(surroundings, keepsLayers: true)
        return location.name == nil ? archive.images : [try archive.image(named: location.name)]
    }

    /// The files that the image is made from, as far as they can be told before it is.
    func inputs(_ surroundings: Surroundings) -> [FilePath] {
        guard text != "-" else { return [] }
        guard isSpec else {
            return (try? ImageLocation(text)).map { [surroundings.currentDirectory.pushing($0.path)] } ?? []
        }
        // A spec with faults is refused when the image is made.
        let source = SpecSource.anyFile(FilePath(text))
        guard let file = try? SpecFile(reading: source, currentDirectory: surroundings.currentDirectory),
            let spec = try? ImageSpec(
                file, sets: sets, verb: verb ?? SpecVerb.told(by: file), environment: surroundings.environment)
        else { return [] }
        return spec.inputs + [surroundings.currentDirectory.pushing(FilePath(text))]
    }
}

extension ImageLocation {
    /// Reads what lies there.
    func archive(_ surroundings: Surroundings, keepsLayers: Bool) throws -> ImageArchive {
        try ImageArchive.open(path, surroundings.reading(architecture: nil, keepsLayers: keepsLayers))
    }
}
