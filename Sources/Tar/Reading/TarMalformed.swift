/// Why bytes are no valid tar. The reader, which knows the archive and the entry, makes a `Failure` of it.
struct TarMalformed: Error {
    let why: String

    init(_ why: String) {
        self.why = why
    }
}
