import Failures

extension PartialBlob {
    /// Whether a later fetch can go on behind what is there.
    var isWorthKeeping: Bool { !isUseless && count > 0 }

    /// Has `fetch` write what is missing, and compares all of it with its size and digest.
    ///
    /// What a former fetch left may have been damaged since: it is not the server's fault before all of the blob came from it.
    ///
    /// - Throws: `Failure` with code `data` for another size or digest; what `fetch` throws.
    func complete(_ fetch: (PartialBlob) throws -> Void) throws {
        if let size, count > size { try restart() }
        if size.map({ count < $0 }) ?? true { try attempt(fetch) }
        var fault = try fault()
        if fault != nil, isResumed {
            try restart()
            try attempt(fetch)
            fault = try self.fault()
        }
        if let fault {
            isUseless = true
            throw fault
        }
    }

    /// Whatever comes of it, what came is on its way to the file.
    private func attempt(_ fetch: (PartialBlob) throws -> Void) throws {
        do {
            try fetch(self)
        } catch {
            if !isUseless { _ = try finish() }
            throw error
        }
    }
}
