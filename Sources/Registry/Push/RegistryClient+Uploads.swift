import NIOHTTP1
import OCI
import Synchronization

/// Uploads: OCI Distribution Specification 1.1, "Push".
extension RegistryClient {
    /// Requests that the registry mounts a blob from another of its repositories.
    ///
    /// - Returns: whether the blob was mounted; false if the other repository lacks it or this user may not read it.
    func mount(_ digest: Digest, from other: String, to repository: String) -> Bool {
        let path = "\(repository)/blobs/uploads/?mount=\(digest)&from=\(HTTPURL.encoded(other))"
        let call = Call(
            method: .POST, target: .path(path), headers: Self.empty, scopes: [.push(repository), .pull(other)])
        guard let response = try? send(call) else { return false }
        response.discard()
        return response.status == 201
    }

    /// Uploads a blob from memory.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects the blob.
    func upload(_ bytes: [UInt8], to repository: String) throws {
        let digest = try SHA256.digest(of: bytes)
        let upload = try beginUpload(to: repository)
        let call = Call(
            method: .PUT, target: .url(upload.adding("digest", "\(digest)")),
            headers: ["Content-Type": "application/octet-stream"], body: .bytes(bytes), scopes: [.push(repository)])
        try send(call, expecting: [201]).discard()
    }

    /// Uploads a blob that is generated while it is sent.
    ///
    /// - Parameters:
    ///   - repository: the repository.
    ///   - mediaType: the media type of the blob.
    ///   - write: writes the blob; called again for each retry.
    /// - Returns: the blob, and the result of `write`.
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects the blob; errors of `write`.
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

    /// - Throws: `HTTPError` for an interrupted connection, and for a status after which a retry may succeed.
    private func uploadOnce<Result: Sendable>(
        to repository: String, _ mediaType: String, _ write: @escaping @Sendable (BlobSink) throws -> Result
    ) throws -> (Descriptor, Result) {
        let upload = try beginUpload(to: repository)
        let outcome = Mutex<(Descriptor, Result)?>(nil)
        let body = HTTPRequest.Body.stream(size: nil) { sink in
            let blob = try BlobSink(to: sink)
            let result = try write(blob)
            let descriptor = try blob.descriptor(mediaType)
            outcome.withLock { $0 = (descriptor, result) }
        }
        let call = Call(
            method: .PATCH, target: .url(upload), headers: ["Content-Type": "application/octet-stream"], body: body,
            scopes: [.push(repository)])
        let response = try sendOnce(call)
        if RetryPolicy.statuses.contains(response.status) {
            throw HTTPError(.closed, "an upload request returned \(response.status)")
        }
        guard response.isSuccess, let (blob, result) = outcome.withLock({ $0 }) else {
            throw error(response, to: call)
        }
        response.discard()
        let next = try uploadURL(in: response, to: call)
        let end = Call(
            method: .PUT, target: .url(next.adding("digest", "\(blob.digest)")), headers: Self.empty,
            scopes: [.push(repository)])
        try send(end, expecting: [201]).discard()
        return (blob, result)
    }

    /// Uploads a manifest or an index.
    ///
    /// - Parameter reference: a tag, or the manifest's digest.
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects the manifest, `data` if the registry
    ///   computes another digest.
    func put(_ manifest: Blob, to repository: String, _ reference: String) throws {
        let call = Call(
            method: .PUT, target: .path("\(repository)/manifests/\(reference)"),
            headers: ["Content-Type": manifest.descriptor.mediaType], body: .bytes(manifest.bytes),
            scopes: [.push(repository)])
        let response = try send(call, expecting: [200, 201])
        response.discard()
        if let text = response.header("Docker-Content-Digest"), text != "\(manifest.descriptor.digest)" {
            throw damaged("the registry stored the manifest \(manifest.descriptor.digest) under another digest")
        }
    }

    /// Starts an upload.
    ///
    /// - Returns: the URL to send the blob to.
    private func beginUpload(to repository: String) throws -> HTTPURL {
        let call = Call(
            method: .POST, target: .path("\(repository)/blobs/uploads/"), headers: Self.empty,
            scopes: [.push(repository)])
        let response = try send(call, expecting: [202])
        response.discard()
        return try uploadURL(in: response, to: call)
    }

    /// The URL for the next request of an upload.
    private func uploadURL(in response: HTTPResponse, to call: Call) throws -> HTTPURL {
        guard let location = response.header("Location") else {
            throw violation("\(registry) accepts an upload without naming its URL")
        }
        return try safe(location, from: url(of: call), "upload URL")
    }

    /// Some servers require a Content-Length even if there is no body.
    private static let empty: HTTPHeaders = ["Content-Length": "0"]
}
