import Archives
import Digests
import Failures
import Images
import NIOHTTP1
import Tar

extension RegistryClient {
    /// Fetches what is missing of a blob. A connection that is cut is taken up again where it ended.
    ///
    /// - Parameter advance: is told of the bytes as they come.
    /// - Throws: `Failure`; what came until then stays with `blob`.
    func fetch(
        _ repository: String, _ digest: Digest, into blob: PartialBlob, advance: (Int) -> Void
    ) throws {
        var attempt = 0
        // Bytes that were there once: what is brought again and again is no progress.
        var most = blob.count
        while true {
            do {
                if try fetchOnce(repository, digest, into: blob, advance: advance) { return }
            } catch let error as HTTPError {
                // A connection that brought something counts as one that works.
                if blob.count >= most + UInt64(HTTPSettings.leastBytes) { (attempt, most) = (0, blob.count) }
                try wait(before: attempt, after: error)
            }
            attempt += 1
        }
    }

    /// One connection's worth.
    ///
    /// - Returns: false if the registry wants the blob asked for anew.
    private func fetchOnce(
        _ repository: String, _ digest: Digest, into blob: PartialBlob, advance: (Int) -> Void
    ) throws -> Bool {
        if let size = blob.size, blob.count == size, size > 0 { return true }
        var headers: HTTPHeaders = [:]
        if blob.count > 0 { headers.add(name: "Range", value: "bytes=\(blob.count)-") }
        let call = Call(
            method: .GET, place: .path("\(repository)/blobs/\(digest)"), headers: headers, scopes: [.pull(repository)])
        let response = try send(call, wanting: blob.count > 0 ? [200, 206, 416] : [200])
        switch response.status {
        case 206 where Self.start(of: response) == blob.count: break
        case 200: if blob.count > 0 { try blob.restart() }
        default:
            response.discard()
            try blob.restart()
            return false
        }
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
            // What came before the cut is good.
            if buffer.filled > 0 { _ = try blob.take(buffer) }
            throw error
        }
        if buffer.filled > 0 { _ = try blob.take(buffer) }
        // An answer that does not tell where it ends may have been cut; what another one lacks, the registry has not.
        if let size = blob.size, blob.count < size, !response.tellsItsEnd {
            throw HTTPError(.closed, "the registry sent too little")
        }
        return true
    }

    /// Where in the blob a partial answer begins (RFC 9110, 14.4).
    private static func start(of response: HTTPResponse) -> UInt64? {
        guard let range = response.header("Content-Range"), range.hasPrefix("bytes ") else { return nil }
        return UInt64(range.dropFirst(6).prefix { $0 != "-" })
    }

    /// Whether the registry has a blob.
    func hasBlob(_ repository: String, _ digest: Digest) throws -> Bool {
        let call = Call(method: .HEAD, place: .path("\(repository)/blobs/\(digest)"), scopes: [.push(repository)])
        return try send(call, wanting: [200, 404]).status == 200
    }
}
