import Store

/// A layer that was opened before: what that took is not done again.
public struct OpenedLayer: Layer {
    private let layer: any Layer
    private let opened: any OpenLayer

    public init(_ layer: any Layer) throws {
        self.layer = layer
        opened = try layer.open()
    }

    public var storePaths: [StorePath] { layer.storePaths }
    public var title: String { layer.title }
    public var archived: ArchivedLayer? { layer.archived }
    public func open() -> any OpenLayer { opened }
}
