import Errors
import NIOHTTP1
import OCI
import Synchronization

/// Uploads: OCI Distribution Specification 1.1, "Push".
extension RegistryClient {
    /// The result of a request to mount a blob.
    enum Mount {
        /// The repository has the blob.
        case mounted
        /// The blob must be uploaded; the registry has opened an upload already if there is a URL.
        case upload(HTTPURL?)
    }

    /// Requests that the registry mounts a blob from another of its repositories. A registry that cannot do it, because
    /// the other repository lacks the blob or this user may not read it, opens an upload instead.
    func mount(_ digest: Digest, from other: String, to repository: String) -> Mount {
        let path = "\(repository)/blobs/uploads/?mount=\(digest)&from=\(HTTPURL.encoded(other))"
        let call = Call(
            method: .POST, target: .path(path), headers: Self.empty, scopes: [.push(repository), .pull(other)])
        guard let response = try? send(call) else { return .upload(nil) }
        response.discard()
        if response.status == 201 { return .mounted }
        return .upload(response.status == 202 ? try? uploadURL(in: response, to: call) : nil)
    }

    /// Uploads a blob from memory.
    ///
    /// - Parameter opened: the URL of an upload that has been opened; nil to open one.
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects the blob.
    func upload(_ bytes: [UInt8], to repository: String, opened: HTTPURL? = nil) throws {
        let digest = try SHA256.digest(of: bytes)
        let upload = try opened ?? beginUpload(to: repository)
        let call = Call(
            method: .PUT, target: .url(upload.adding("digest", "\(digest)")),
            headers: ["Content-Type": "application/octet-stream"], body: .bytes(bytes), scopes: [.push(repository)])
        try send(call).discard()
    }

    /// Uploads a blob that is generated while it is sent.
    ///
    /// - Parameters:
    ///   - repository: the repository.
    ///   - mediaType: the media type of the blob.
    ///   - size: the size of the blob in bytes; nil if it is unknown. Some registries require it in advance.
    ///   - opened: the URL of an upload that has been opened; nil to open one.
    ///   - write: writes the blob; called again for each retry.
    /// - Returns: the blob, and the result of `write`.
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects the blob; errors of `write`.
    func upload<Result: Sendable>(
        to repository: String, _ mediaType: String, size: UInt64?, opened: HTTPURL?,
        _ write: @escaping @Sendable (BlobSink) throws -> Result
    ) throws -> (Descriptor, Result) {
        var attempt = 0
        var (opened, mayRenew) = (opened, true)
        while true {
            do {
                let upload = try opened ?? beginUpload(to: repository)
                opened = nil
                return try uploadOnce(at: upload, to: repository, mediaType, size: size, write)
            } catch is ExpiredAuthorization where mayRenew {
                // The new upload begins with a new token.
                forgetAuthorizations(for: [.push(repository)])
                mayRenew = false
            } catch let error as ExpiredAuthorization {
                throw error.rejection
            } catch let error as HTTPError {
                try wait(before: attempt, after: error)
                attempt += 1
            }
        }
    }

    /// A token ended between the request that opened an upload and the one that sends the blob.
    private struct ExpiredAuthorization: Error {
        /// The error to report if a new token is rejected too.
        let rejection: ToolError
    }

    /// - Throws: `HTTPError` for an interrupted connection, and for a status after which a retry may succeed;
    ///   `ExpiredAuthorization`.
    private func uploadOnce<Result: Sendable>(
        at upload: HTTPURL, to repository: String, _ mediaType: String, size: UInt64?,
        _ write: @escaping @Sendable (BlobSink) throws -> Result
    ) throws -> (Descriptor, Result) {
        let outcome = Mutex<(Descriptor, Result)?>(nil)
        let body = HTTPRequest.Body.stream(size: size) { sink in
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
        if response.status == 401 { throw ExpiredAuthorization(rejection: error(response, to: call)) }
        guard response.isSuccess, let (blob, result) = outcome.withLock({ $0 }) else {
            throw error(response, to: call)
        }
        response.discard()
        let next = try uploadURL(in: response, to: call)
        let end = Call(
            method: .PUT, target: .url(next.adding("digest", "\(blob.digest)")), headers: Self.empty,
            scopes: [.push(repository)])
        try send(end).discard()
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
        let response = try send(call, allowing: [400, 415])
        guard response.isSuccess else {
            var error = error(response, to: call)
            if [MediaType.manifest, MediaType.index].contains(manifest.descriptor.mediaType) {
                error.remedy = "if the registry does not accept OCI's media types, push with \(.mediaTypes) docker"
            }
            throw error
        }
        response.discard()
        // A digest of another algorithm cannot be compared.
        let stated = response.header("Docker-Content-Digest").flatMap { Digest($0) }
        if let stated, stated != manifest.descriptor.digest {
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
        let response = try send(call)
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
