import Store

/// A way to spread a closure's store paths over the layers of an image.
public protocol Layering: Sendable {
    /// - Parameter available: the most layers that the store paths may take, at least 1 unless there are no paths;
    ///   see `LayerBudget`.
    /// - Throws: `Failure` with code `data` if `available` is too small, or the closure lacks what the layering needs.
    func plan(_ closure: Closure, available: Int) throws -> LayerPlan
}
