import Archives
import Failures
import Images
import Registry

/// Pushes images to a registry: an image by its tag, or an index of several, one for each platform.
public struct Push: Sendable {
    private let arguments: [ImageArgument]
    private let reference: RegistryReference
    private let isIndex: Bool
    private let compressor: Compressor?
    private let surroundings: Surroundings
    private let reporter: any Reporter

    /// - Parameters:
    ///   - arguments: the images, or the specs that they are made from; one, unless an index is wanted.
    ///   - name: where they go: `registry.example/team/app:1`.
    ///   - isIndex: whether an index is made of them.
    ///   - compressor: of the layers; nil: compressed ones stay as they are, others are compressed as their spec says.
    /// - Throws: `Failure` with code `usage` for a malformed name.
    public init(
        _ arguments: [ImageArgument], to name: String, isIndex: Bool, compressor: Compressor?,
        surroundings: Surroundings, reporter: any Reporter
    ) throws {
        self.arguments = arguments
        reference = try RegistryReference(name)
        self.isIndex = isIndex
        self.compressor = compressor
        self.surroundings = surroundings
        self.reporter = reporter
    }

    /// - Throws: `Failure`: with code `unavailable` if the registry does not take the images. A tag that is there stays as
    ///   it is then.
    public func run() async throws -> PushResult {
        defer { reporter.finish() }
        let origins = try arguments.map { try ImageOrigin($0, surroundings, reporter) }
        let client = try await surroundings.registryClient(for: reference, task: "cannot push to \(reference)")
        let push = RegistryPush(to: reference, client, memory: surroundings.digestCache, progress: reporter)
        var pushed: [PushedImage] = []
        for origin in origins {
            let image = try await origin.image(surroundings, reporter)
            noteRepository(of: image, origin)
            pushed.append(try push.push(image, compressor: compressor ?? origin.compressor, isPart: isIndex))
        }
        return PushResult(reference, pushed, index: isIndex ? try push.push(indexOf: pushed) : nil)
    }

    /// Where an image comes from the same registry its layers are there already, in another repository.
    private func noteRepository(of image: any Image, _ origin: ImageOrigin) {
        guard case .place(let location) = origin, case .registry(let source) = location.place,
            source.registry == reference.registry
        else { return }
        for digest in image.layers.compactMap({ $0.archived?.digest }) {
            surroundings.digestCache?.keep(repository: source.repository, of: digest, in: source.registry)
        }
    }
}

extension ImageOrigin {
    /// What the layers are compressed with where nothing else is said; nil where they lie compressed already.
    fileprivate var compressor: Compressor? {
        guard case .spec(let loaded) = self else { return nil }
        return loaded.spec.compressor
    }
}
