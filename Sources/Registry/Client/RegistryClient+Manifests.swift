import Archives
import Digests
import Failures
import Images
import Tar

/// A manifest or an index as a registry gave it.
public struct RegistryManifest: Sendable {
    public let descriptor: OCIDescriptor
    public let bytes: [UInt8]
}

extension RegistryManifest {
    /// One that is made here.
    init(_ value: JSONValue, _ mediaType: String) throws {
        bytes = Array(value.canonical.utf8)
        descriptor = OCIDescriptor(
            mediaType: mediaType, digest: try SHA256.digest(of: bytes), size: UInt64(bytes.count))
    }
}

extension RegistryClient {
    /// The manifest or index of a name, as the registry has it.
    ///
    /// - Parameters:
    ///   - repository: `library/redis`.
    ///   - reference: a tag, or a digest, which what comes is compared with.
    /// - Throws: `Failure` with code `data` if there is none, or it is not what it should be; `unavailable` where the registry
    ///   does not give it.
    public func manifest(_ repository: String, _ reference: String) throws -> RegistryManifest {
        let call = Call(
            method: .GET, place: .path("\(repository)/manifests/\(reference)"),
            headers: ["Accept": OCIMediaType.known.sorted().joined(separator: ", ")], scopes: [.pull(repository)])
        let response = try send(call, wanting: [200])
        let place = "the manifest \(reference) of \(registry)/\(repository)"
        guard let bytes = try reading({ try response.bytes(limit: ImageLimits.json) }) else {
            throw damaged("\(place) has more than the limit of \(ImageLimits.json) bytes")
        }
        // Its digest is of what lies inside its signatures: it would not be found right.
        if OCIMediaType.isSchema1(response.header("Content-Type") ?? "") { throw schema1(place) }
        let digest = try SHA256.digest(of: bytes)
        // A digest as the reference, and the header that a registry sends along, both promise the same.
        for promised in [Digest(reference), response.header("Docker-Content-Digest").flatMap { Digest($0) }] {
            guard let promised, promised != digest else { continue }
            throw damaged("\(place) has the digest \(digest), and should have \(promised)")
        }
        let value = try JSONValue(parsing: bytes, source: place, limit: ImageLimits.json)
        let type = try mediaType(value, response.header("Content-Type"), place)
        return RegistryManifest(
            descriptor: OCIDescriptor(mediaType: type, digest: digest, size: UInt64(bytes.count)), bytes: bytes)
    }

    /// What a manifest is, by what it says itself and by what the registry says, which must be the same (CVE-2021-41190).
    private func mediaType(_ value: JSONValue, _ header: String?, _ place: String) throws -> String {
        let own = value["mediaType"]?.string
        let told = header.map { String($0.prefix { $0 != ";" }).trimmingBlanks }
        if value["schemaVersion"]?.int == 1 || OCIMediaType.isSchema1(own ?? told ?? "") {
            throw schema1(place)
        }
        if let own, let told, own != told, OCIMediaType.known.contains(told) {
            throw damaged("\(place) calls itself \(TarName.quoted(own)), and the registry calls it '\(told)'")
        }
        if let own, !OCIMediaType.known.contains(own) {
            throw damaged("\(place) calls itself \(TarName.quoted(own)), which is neither a manifest nor an index")
        }
        // OCI's manifests need not say what they are.
        return own ?? told.flatMap { OCIMediaType.known.contains($0) ? $0 : nil }
            ?? (value["manifests"] == nil ? OCIMediaType.manifest : OCIMediaType.index)
    }

    private func schema1(_ place: String) -> Failure {
        Failure(
            .data, task,
            why: "\(place) is in Docker's schema 1, which has no digests of layers that could be relied on",
            advice: "have the image pushed again with Docker 1.10 or later, in schema 2 or OCI form")
    }

    /// The error for what the registry gave, and is not what it should be.
    func damaged(_ why: String) -> Failure {
        Failure(.data, task, why: why, advice: "pull it again; if that does not help, have the image pushed anew")
    }

    /// Turns what goes wrong while a body is read into the task's failure.
    func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as HTTPError {
            throw failure(error)
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
