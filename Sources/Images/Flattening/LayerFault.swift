/// Why an entry of a layer is refused. Whoever reads the layer knows its name and the entry, and makes a `Failure` of it.
struct LayerFault: Error {
    let why: String

    init(_ why: String) {
        self.why = why
    }
}
