import ByteIO
import Images
import OCI
import SystemPackage

/// An argument of the command line that stands for an image: a spec, which is made, or a place where one is.
package struct ImageArgument: Sendable {
    /// What a person typed.
    let text: String
    let isSpec: Bool
    let verb: SpecVerb?
    let sets: [String]

    /// - Parameters:
    ///   - isSpec: whether it is a spec whatever it is called.
    ///   - verb: how the image of a spec is made; nil: as its keys tell.
    ///   - sets: overrides of the spec's keys.
    package init(_ text: String, isSpec: Bool = false, as verb: SpecVerb? = nil, sets: [String] = []) {
        self.text = text
        self.isSpec = isSpec || SpecSource.isSpec(text)
        self.verb = verb
        self.sets = sets
    }
}

/// Where the image of an argument comes from. A spec has been read then, and its image not been made.
enum ImageOrigin: Sendable {
    case place(ImageLocation)
    case spec(LoadedSpec)

    /// - Parameter verb: how a spec's image is made where the argument does not say; by default as its keys tell.
    /// - Throws: `ToolError` for a spec with faults, or an image that is nowhere where images are read.
    init(
        _ argument: ImageArgument, _ context: Context, _ reporter: any Reporter,
        as verb: (SpecFile) -> SpecVerb = SpecVerb.implied(by:)
    ) throws {
        guard argument.isSpec else {
            self = .place(try ImageLocation(argument.text))
            return
        }
        let source = try SpecSource(argument: argument.text, anyExtension: true)
        self = .spec(
            try LoadedSpec.read(source, sets: argument.sets, context: context.reporting(to: reporter)) {
                argument.verb ?? verb($0)
            })
    }

    /// The files and directories that the image is read or made from.
    func inputs(_ context: Context) -> [FilePath] {
        switch self {
        case .place(let location): [location.input(context)].compactMap { $0 }
        case .spec(let spec): spec.inputs
        }
    }

    /// The image: the one that is chosen, or the first; of a spec the one that it makes.
    ///
    /// - Throws: `ToolError`.
    func image(_ context: Context, _ reporter: any Reporter) async throws -> any Image {
        switch self {
        case .place(let location):
            return try await location.archive(context, reporter, keepsLayers: true).image(named: location.name)
        case .spec(let loaded):
            // A spec for `export` makes nothing: its base is exported as it is.
            let context = context.reporting(to: reporter)
            guard loaded.verb == .export, let base = try await loaded.base(in: context) else {
                return try await loaded.build(in: context)
            }
            let name = loaded.spec.name
            return name.isEmpty ? base.image : RenamedImage(base.image, names: [ImageName(name: name, tag: nil)])
        }
    }

    /// All images of an archive where none is chosen; else that one.
    ///
    /// - Throws: `ToolError`.
    func images(_ context: Context, _ reporter: any Reporter) async throws -> [any Image] {
        guard case .place(let location) = self, location.name == nil else {
            return [try await image(context, reporter)]
        }
        return try await location.archive(context, reporter, keepsLayers: true).images
    }
}

/// An image under other names.
struct RenamedImage: Image {
    private let image: any Image
    private let names: [ImageName]

    init(_ image: any Image, names: [ImageName]) {
        self.image = image
        self.names = names
    }

    var name: String? { names.first?.name }
    func names(imageID: Digest) -> [ImageName] { names }
    var layers: [any Layer] { image.layers }
    var config: ImageConfig { image.config }
}
