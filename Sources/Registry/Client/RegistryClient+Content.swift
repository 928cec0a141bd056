import ByteIO
import Errors
import Images
import JSON
import NIOHTTP1
package import OCI

extension RegistryClient {
    /// Fetches a manifest or an index.
    ///
    /// - Parameters:
    ///   - repository: the repository: `library/redis`.
    ///   - reference: a tag; or a digest, which the manifest is compared with.
    /// - Throws: `ToolError` with code `data` if there is none, or it is not valid; `unavailable` if the registry denies
    ///   it.
    package func manifest(_ repository: String, _ reference: String) throws -> Blob {
        try manifest(
            in: send(manifestCall(repository, reference, .pull(repository))), repository, reference)
    }

    /// Fetches a manifest or an index; nil if there is none.
    ///
    /// - Throws: as `manifest` does.
    func manifestIfAny(_ repository: String, _ reference: String, _ scope: RegistryScope) throws -> Blob? {
        let response = try send(manifestCall(repository, reference, scope), allowing: [404])
        guard response.status == 404 else { return try manifest(in: response, repository, reference) }
        response.discard()
        return nil
    }

    private func manifestCall(_ repository: String, _ reference: String, _ scope: RegistryScope) -> Call {
        Call(
            method: .GET, target: .path("\(repository)/manifests/\(reference)"),
            headers: ["Accept": MediaType.known.sorted().joined(separator: ", ")], scopes: [scope])
    }

    private func manifest(in response: HTTPResponse, _ repository: String, _ reference: String) throws -> Blob {
        let place = "the manifest \(reference) of \(registry)/\(repository)"
        let bytes = try bytes(of: response, place)
        // Before the digest: that of schema 1 does not cover the signatures in the document, so it would not match.
        if MediaType.isSchema1(response.header("Content-Type") ?? "") { throw schema1(place) }
        let digest = try SHA256.digest(of: bytes)
        // The reference, if it is a digest, and the registry's header both state the digest.
        for stated in [Digest(reference), response.header("Docker-Content-Digest").flatMap { Digest($0) }] {
            guard let stated, stated != digest else { continue }
            throw damaged("\(place) has the digest \(digest), and should have \(stated)")
        }
        let value = try JSONValue(parsing: bytes, source: place, limit: ImageLimits.json)
        let type = try mediaType(value, response.header("Content-Type"), place)
        return try Blob(bytes, mediaType: type)
    }

    /// The bytes of a document.
    ///
    /// - Parameter place: the document's name in errors.
    /// - Throws: `ToolError` with code `data` if it is larger than documents of images may be.
    func bytes(of response: HTTPResponse, _ place: String) throws -> [UInt8] {
        let limit = ImageLimits.json
        guard let bytes = try reading({ try response.decoded(place, limit: UInt64(limit)).bytes(limit: limit) }) else {
            throw damaged("\(place) has more than the limit of \(limit) bytes")
        }
        return bytes
    }

    /// The media type of a manifest, which the document and the registry state. They must agree (CVE-2021-41190).
    private func mediaType(_ value: JSONValue, _ header: String?, _ place: String) throws -> String {
        let own = value["mediaType"]?.string
        let stated = header.map { String($0.prefix { $0 != ";" }).trimmingBlanks }
        if value["schemaVersion"]?.int == 1 || MediaType.isSchema1(own ?? stated ?? "") {
            throw schema1(place)
        }
        if let own, let stated, own != stated, MediaType.known.contains(stated) {
            throw damaged("\(place) calls itself \(TerminalText.quoted(own)), and the registry calls it '\(stated)'")
        }
        if let own, !MediaType.known.contains(own) {
            throw damaged("\(place) calls itself \(TerminalText.quoted(own)), which is neither a manifest nor an index")
        }
        // OCI's manifests need not state their media type.
        return own ?? stated.flatMap { MediaType.known.contains($0) ? $0 : nil }
            ?? (value["manifests"] == nil ? MediaType.manifest : MediaType.index)
    }

    private func schema1(_ place: String) -> ToolError {
        ToolError(
            .data, task,
            cause: "\(place) is in Docker's schema 1, which has no digests of layers that could be relied on",
            remedy: "have the image pushed again with Docker 1.10 or later, in schema 2 or OCI form")
    }

    /// The error for invalid data from the registry.
    func damaged(_ cause: String) -> ToolError {
        ToolError(.data, task, cause: cause, remedy: "pull it again; if that does not help, push the image again")
    }

    /// Converts HTTP errors while a body is read.
    func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as HTTPError {
            throw self.error(error)
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

extension RegistryClient {
    /// Downloads the missing bytes of a blob. An interrupted download is resumed.
    ///
    /// - Parameter advance: called with the number of bytes as they arrive.
    /// - Throws: `ToolError`; `blob` keeps the bytes that arrived before.
    func fetch(
        _ repository: String, _ digest: Digest, into blob: BlobIngest, advance: (Int) -> Void
    ) throws {
        var attempt = 0
        // The most bytes so far: downloading the same bytes again is not progress.
        var most = blob.count
        while true {
            do {
                if try fetchOnce(repository, digest, into: blob, advance: advance) { return }
            } catch let error as HTTPError {
                // After progress the retries are counted from the start.
                if blob.count >= most + UInt64(HTTPSettings.leastBytes) { (attempt, most) = (0, blob.count) }
                try wait(before: attempt, after: error)
            }
            attempt += 1
        }
    }

    /// Downloads over one connection.
    ///
    /// - Returns: false if the download must be restarted.
    private func fetchOnce(
        _ repository: String, _ digest: Digest, into blob: BlobIngest, advance: (Int) -> Void
    ) throws -> Bool {
        if let size = blob.size, blob.count == size, size > 0 { return true }
        var headers: HTTPHeaders = [:]
        if blob.count > 0 { headers.add(name: "Range", value: "bytes=\(blob.count)-") }
        let call = Call(
            method: .GET, target: .path("\(repository)/blobs/\(digest)"), headers: headers, scopes: [.pull(repository)])
        var response = try send(call, allowing: [416])
        // Some stores label a layer's own compression as an encoding of the transfer: then the length is the layer's.
        let isEncoded = response.isGzipEncoded && response.header("Content-Length") != blob.size.map { "\($0)" }
        switch response.status {
        // A part of an encoded body cannot be continued.
        case 206 where isEncoded && blob.count > 0:
            response.discard()
            try blob.restart()
            return false
        case 206 where (Self.start(of: response) ?? 0) == blob.count: break
        case 206, 416:
            response.discard()
            guard blob.count > 0 else { throw violation("\(registry) sent a part of a blob that was requested whole") }
            try blob.restart()
            return false
        default: if blob.count > 0 { try blob.restart() }
        }
        if isEncoded { response = try response.decoded("the blob \(digest)", limit: blob.size ?? UInt64.max) }
        var buffer = BlockBuffer(capacity: blob.bufferSize)
        do {
            while true {
                let read = try response.body.read(into: buffer.room)
                if read == 0 { break }
                advance(read)
                buffer.advance(read)
                if buffer.isFull { buffer = try blob.take(buffer) }
            }
        } catch {
            // The bytes before the interruption are valid.
            if buffer.filled > 0 { _ = try blob.take(buffer) }
            throw error
        }
        if buffer.filled > 0 { _ = try blob.take(buffer) }
        // A response without a length may have been interrupted; one with a length is complete, and the blob too short.
        if let size = blob.size, blob.count < size, !response.isDelimited {
            throw HTTPError(.closed, "the registry sent too little")
        }
        return true
    }

    /// The first byte of a partial response (RFC 9110, 14.4).
    private static func start(of response: HTTPResponse) -> UInt64? {
        guard let range = response.header("Content-Range"), range.hasPrefix("bytes ") else { return nil }
        return UInt64(range.dropFirst(6).prefix { $0 != "-" })
    }

    /// Checks whether a repository has a blob.
    ///
    /// - Parameter size: the size that the blob must have if the registry states one; nil for any.
    func hasBlob(_ repository: String, _ digest: Digest, size: UInt64? = nil) throws -> Bool {
        let call = Call(method: .HEAD, target: .path("\(repository)/blobs/\(digest)"), scopes: [.push(repository)])
        let response = try send(call, allowing: [404])
        guard response.isSuccess else { return false }
        guard let size, let stated = response.header("Content-Length").flatMap({ UInt64($0) }) else { return true }
        return stated == size
    }
}
