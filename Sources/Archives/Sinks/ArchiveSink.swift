import Failures
import Tar

/// Where an archive goes: a file, a pipe, with or without compression.
public protocol ArchiveSink: ByteSink {
    /// Whether bytes that were set aside are worth being filled in after what follows them.
    ///
    /// An archive names a layer by its digest before the layer's bytes. Where the name may come late a layer is read once,
    /// for the digest and the archive together; elsewhere twice.
    var fillsLater: Bool { get }

    /// Sets `count` bytes aside that `fill` gives later. Only for sinks that fill later.
    func reserve(_ count: Int) throws -> Reservation

    /// Gives the bytes that were set aside.
    func fill(_ reservation: Reservation, _ bytes: [UInt8]) throws

    /// Writes bytes as `reserve` and `fill` would have them, so that the archive is the same either way.
    func writeReserved(_ bytes: [UInt8]) throws

    /// Writes all that was held back.
    func finish() throws
}

/// A sink whose bytes go one behind another, so that none may come late.
extension ArchiveSink {
    public var fillsLater: Bool { false }

    public func reserve(_ count: Int) throws -> Reservation {
        try write([UInt8](repeating: 0, count: count))
        return Reservation(count: count)
    }

    public func fill(_ reservation: Reservation, _ bytes: [UInt8]) throws {}

    public func writeReserved(_ bytes: [UInt8]) throws { try write(bytes) }

    public func finish() throws {}
}
