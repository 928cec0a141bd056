import NIOHTTP1
import OCI
import Synchronization

extension RegistryClient {
    /// Has the registry take over a blob from another of its repositories.
    ///
    /// - Returns: whether it did. It may not know the blob there, or not let this user have it: then nothing happened.
    func mount(_ digest: Digest, from other: String, to repository: String) -> Bool {
        let path = "\(repository)/blobs/uploads/?mount=\(digest)&from=\(HTTPURL.encoded(other))"
        let call = Call(
            method: .POST, place: .path(path), headers: Self.empty, scopes: [.push(repository), .pull(other)])
        guard let response = try? send(call) else { return false }
        response.discard()
        return response.status == 201
    }

    /// Sends a blob whose bytes are at hand.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the registry does not take it.
    func upload(_ bytes: [UInt8], to repository: String) throws {
        let digest = try SHA256.digest(of: bytes)
        let place = try beginUpload(to: repository)
        let call = Call(
            method: .PUT, place: .address(place.adding("digest", "\(digest)")),
            headers: ["Content-Type": "application/octet-stream"], body: .bytes(bytes), scopes: [.push(repository)])
        try send(call, wanting: [201]).discard()
    }

    /// Sends a blob that is made while it is sent: nothing of it is kept.
    ///
    /// - Parameters:
    ///   - mediaType: the media type of the blob.
    ///   - write: writes the blob; it is called once more for each connection that breaks.
    /// - Returns: the blob, and what `write` returned.
    /// - Throws: `ToolError` with code `unavailable` if the registry does not take it; what `write` throws.
    func upload<Result: Sendable>(
        to repository: String, _ mediaType: String, _ write: @escaping @Sendable (BlobSink) throws -> Result
    ) throws -> (Descriptor, Result) {
        var attempt = 0
        while true {
            do {
                return try uploadOnce(to: repository, mediaType, write)
            } catch let error as HTTPError {
                try wait(before: attempt, after: error)
                attempt += 1
            }
        }
    }

    /// - Throws: `HTTPError` for a connection that broke, and for an answer that may be another one the next time.
    private func uploadOnce<Result: Sendable>(
        to repository: String, _ mediaType: String, _ write: @escaping @Sendable (BlobSink) throws -> Result
    ) throws -> (Descriptor, Result) {
        let place = try beginUpload(to: repository)
        let outcome = Mutex<(Descriptor, Result)?>(nil)
        let body = HTTPRequest.Body.stream(size: nil) { sink in
            let blob = try BlobSink(to: sink)
            let result = try write(blob)
            let descriptor = try blob.descriptor(mediaType)
            outcome.withLock { $0 = (descriptor, result) }
        }
        let call = Call(
            method: .PATCH, place: .address(place), headers: ["Content-Type": "application/octet-stream"], body: body,
            scopes: [.push(repository)])
        let response = try sendOnce(call)
        if RetryPolicy.statuses.contains(response.status) {
            throw HTTPError(.closed, "an upload was answered with \(response.status)")
        }
        guard response.isSuccess, let (blob, result) = outcome.withLock({ $0 }) else {
            throw failure(response, to: call)
        }
        response.discard()
        let next = try location(of: response, to: call)
        let end = Call(
            method: .PUT, place: .address(next.adding("digest", "\(blob.digest)")), headers: Self.empty,
            scopes: [.push(repository)])
        try send(end, wanting: [201]).discard()
        return (blob, result)
    }

    /// Sends a manifest or an index.
    ///
    /// - Parameter reference: a tag, or its digest.
    /// - Throws: `ToolError` with code `unavailable` if the registry does not take it, `data` if it says that it has another
    ///   digest.
    func put(_ manifest: Blob, to repository: String, _ reference: String) throws {
        let call = Call(
            method: .PUT, place: .path("\(repository)/manifests/\(reference)"),
            headers: ["Content-Type": manifest.descriptor.mediaType], body: .bytes(manifest.bytes),
            scopes: [.push(repository)])
        let response = try send(call, wanting: [200, 201])
        response.discard()
        if let text = response.header("Docker-Content-Digest"), text != "\(manifest.descriptor.digest)" {
            throw damaged("the registry has taken the manifest \(manifest.descriptor.digest) for another one")
        }
    }

    private func beginUpload(to repository: String) throws -> HTTPURL {
        let call = Call(
            method: .POST, place: .path("\(repository)/blobs/uploads/"), headers: Self.empty,
            scopes: [.push(repository)])
        let response = try send(call, wanting: [202])
        response.discard()
        return try location(of: response, to: call)
    }

    /// Where an upload goes on.
    private func location(of response: HTTPResponse, to call: Call) throws -> HTTPURL {
        guard let location = response.header("Location") else {
            throw refusal("\(registry) takes an upload, and does not say where")
        }
        return try safe(location, from: address(of: call), "place for an upload")
    }

    /// Some servers want the length of a body that is not there.
    private static let empty: HTTPHeaders = ["Content-Length": "0"]
}
