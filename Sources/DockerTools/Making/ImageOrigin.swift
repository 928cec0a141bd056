import Failures
import Images
import SystemPackage

/// Where the image of an argument comes from. A spec has been read then, and its image not been made.
enum ImageOrigin: Sendable {
    case place(ImageLocation)
    case spec(LoadedSpec)

    /// - Parameter verb: how a spec's image is made where the argument does not say; by default as its keys tell.
    /// - Throws: `Failure` for a spec with faults, or an image that is nowhere where images are read.
    init(
        _ argument: ImageArgument, _ surroundings: Surroundings, _ reporter: any Reporter,
        as verb: (SpecFile) -> SpecVerb = SpecVerb.told(by:)
    ) throws {
        guard argument.isSpec else {
            self = .place(try ImageLocation(argument.text))
            return
        }
        let source = try SpecSource(argument: argument.text, anyExtension: true)
        self = .spec(
            try LoadedSpec(source, sets: argument.sets, surroundings: surroundings, reporter: reporter) {
                argument.verb ?? verb($0)
            })
    }

    /// The files and folders that the image is read or made from.
    func inputs(_ surroundings: Surroundings) -> [FilePath] {
        switch self {
        case .place(let location): [location.input(surroundings)].compactMap { $0 }
        case .spec(let spec): spec.inputs
        }
    }

    /// The image: the one that is chosen, or the first; of a spec the one that it makes.
    ///
    /// - Throws: `Failure`.
    func image(_ surroundings: Surroundings, _ reporter: any Reporter) async throws -> any Image {
        switch self {
        case .place(let location):
            return try await location.archive(surroundings, reporter, keepsLayers: true).image(named: location.name)
        case .spec(let loaded):
            // A spec for `export` makes nothing: its base is exported as it is.
            guard loaded.verb == .export, let base = try await loaded.base(surroundings, reporter) else {
                return try await loaded.image(surroundings, reporter)
            }
            let name = loaded.spec.name
            return name.isEmpty ? base.image : RenamedImage(base.image, names: [ImageName(name: name, tag: nil)])
        }
    }

    /// All images of an archive where none is chosen; else that one.
    ///
    /// - Throws: `Failure`.
    func images(_ surroundings: Surroundings, _ reporter: any Reporter) async throws -> [any Image] {
        guard case .place(let location) = self, location.name == nil else {
            return [try await image(surroundings, reporter)]
        }
        return try await location.archive(surroundings, reporter, keepsLayers: true).images
    }
}
