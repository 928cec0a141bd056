/// Bytes set aside in an archive, to be given once what follows them is known. It belongs to the sink that gave it.
public final class Reservation {
    let count: Int
    /// Where in the file they lie, once they are written.
    var offset: Int64?
    /// The bytes themselves, where they were given before they were written.
    var bytes: [UInt8]?
    /// The same in the sink behind, once they are written there.
    var behind: Reservation?

    init(count: Int) {
        self.count = count
    }
}
