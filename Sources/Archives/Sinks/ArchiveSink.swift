import Failures
import Tar

/// Where an archive goes: a file, a pipe, with or without compression.
public protocol ArchiveSink: ByteSink {
    /// Sets `count` bytes aside that `fill` gives later, nil where what was written cannot be changed any more.
    ///
    /// An archive names a layer by its digest before the layer's bytes. With the name set aside a layer is read once,
    /// for the digest and the archive together; without, once for each.
    func reserve(_ count: Int) throws -> Reservation?

    /// Gives the bytes that were set aside.
    func fill(_ reservation: Reservation, _ bytes: [UInt8]) throws

    /// Bytes that have to lie in the archive as `fill` would lay them: the output is the same either way.
    func writeReserved(_ bytes: [UInt8]) throws

    /// Writes all that was held back.
    func finish() throws
}

/// Bytes set aside in an archive.
public struct Reservation: Sendable {
    let offset: Int64
    let count: Int
}
