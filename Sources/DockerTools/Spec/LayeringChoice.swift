/// How the store paths of an image are told off into layers.
public enum LayeringChoice: String, CaseIterable, Sendable {
    /// What most paths need comes first, one path a layer.
    case popularity
    /// The largest paths are told apart first.
    case size
}
