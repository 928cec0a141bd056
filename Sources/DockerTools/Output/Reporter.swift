import Images
import Registry

/// Is told what people should see while the program works; nothing of it is a result.
public protocol Reporter: Progress, FetchProgress, PushProgress {
    /// Something worth knowing.
    func note(_ text: String)
    /// Something that may be wrong.
    func warn(_ text: String)
    /// A line that a script of the spec wrote.
    func scriptOutput(_ line: String)
}
