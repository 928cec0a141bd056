/// Something that knows which store paths refer to which.
public protocol ReferenceSource: Sendable {
    /// The paths that the roots refer to, directly or through others, and the roots.
    ///
    /// - Throws: `Failure` with code `data` for a root that the source does not know, and for data that makes no
    ///   closure.
    func closure(of roots: [StorePath]) async throws -> Closure
}
