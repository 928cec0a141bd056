import Errors
import Images
import OCI
import TestSupport
import Testing

@testable import Registry

@Suite("Mirrors of a registry")
struct RegistryPlacesTests {
    private let fixture: PullFixture
    private let image: ScriptedImage

    init() throws {
        fixture = try PullFixture()
        image = try ScriptedImage()
    }

    private func place(_ registry: ScriptedRegistry, _ credentials: Credentials = .none) -> RegistryPlace {
        RegistryPlace(image.name, fixture.client(registry.authority, credentials, retries: 0))
    }

    /// The uncompressed layers of the image, read from the places.
    private func tars(_ mirrors: [RegistryPlace], _ own: ScriptedRegistry, _ reference: String? = nil) throws
        -> [[UInt8]]
    {
        try fixture.tars(
            reference ?? own.reference, in: RegistryPlaces(mirrors: mirrors, own: place(own)))
    }

    @Test("are asked for everything, and the registry for nothing")
    func mirror() throws {
        let (mirror, own) = (try ScriptedRegistry(image), try ScriptedRegistry(image))
        #expect(try tars([place(mirror)], own) == image.tars)
        #expect(own.requests.isEmpty)
        #expect(mirror.requests(mirror.manifestPath).count == 1)
    }

    @Test("are left out once they fail, and the next place is asked", arguments: [404, 401, 500, 302])
    func failing(status: Int) throws {
        let broken = try ScriptedRegistry(image) { _, _, _ in ScriptedRegistry.Response(status) }
        let (mirror, own) = (try ScriptedRegistry(image), try ScriptedRegistry(image))
        #expect(try tars([place(broken), place(mirror)], own) == image.tars)
        #expect(broken.requests(broken.manifestPath).count == 1)
        #expect(own.requests.isEmpty)
    }

    @Test("that lack a blob, or have a damaged one, are followed by the registry", arguments: [true, false])
    func damagedBlob(isMissing: Bool) throws {
        let layer = image.layers[0]
        let mirror = try ScriptedRegistry(image) { [image] request, correct, _ in
            guard request.path.hasSuffix(layer) else { return correct }
            let bytes = image.blobs[layer] ?? []
            return isMissing
                ? ScriptedRegistry.Response(404) : ScriptedRegistry.Response(200, body: bytes.dropLast() + [0xFF])
        }
        let own = try ScriptedRegistry(image)
        #expect(try tars([place(mirror)], own) == image.tars)
        #expect(own.requests(own.path(layer)).count == 1)
        #expect(own.requests(own.manifestPath).isEmpty)
    }

    @Test("may not have another manifest for a digest")
    func otherManifest() throws {
        let other = try ScriptedImage(sizes: [5])
        let mirror = try ScriptedRegistry(other) { request, correct, _ in
            guard request.path.contains("/manifests/") else { return correct }
            return ScriptedRegistry.Response(
                200, [("Content-Type", ScriptedImage.manifestType)], body: other.manifest)
        }
        let own = try ScriptedRegistry(image)
        #expect(try tars([place(mirror)], own, "\(own.authority)/\(image.name)@\(image.manifestDigest)") == image.tars)
        #expect(mirror.requests.count == 1)
    }

    @Test("get no credentials but their own")
    func credentials() throws {
        let challenge = [("WWW-Authenticate", "Basic realm=\"r\"")]
        let locked: ScriptedRegistry.Change = { request, correct, _ in
            request.headers["authorization"] == PullFixture.basic
                ? correct : ScriptedRegistry.Response(401, challenge)
        }
        let (mirror, own) = (try ScriptedRegistry(image, locked), try ScriptedRegistry(image, locked))
        let places = RegistryPlaces(mirrors: [place(mirror)], own: place(own, PullFixture.credentials))
        #expect(try fixture.tars(own.reference, in: places) == image.tars)
        #expect(mirror.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test("are named in the error if the registry fails too")
    func allFail() throws {
        let mirror = try ScriptedRegistry(image) { _, _, _ in ScriptedRegistry.Response(403) }
        let own = try ScriptedRegistry(image) { _, _, _ in ScriptedRegistry.Response(404) }
        let error = try #require(throws: ToolError.self) { try tars([place(mirror)], own) }
        #expect(error.code == .data)
        let causes = error.cause.split(separator: "\n")
        #expect(causes.count == 2)
        #expect(causes[0].contains("returned 404"))
        #expect(causes[1].hasPrefix("the mirror \(mirror.authority)/\(image.name) failed: "))
        #expect(causes[1].contains("returned 403"))
    }
}
