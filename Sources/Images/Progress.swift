/// Is told how the writing of an image goes on.
public protocol Progress: Sendable {
    /// A layer begins.
    ///
    /// - Parameters:
    ///   - number: from 1 on.
    ///   - count: how many layers the image has.
    ///   - size: bytes of its plain tar.
    func layer(_ number: Int, of count: Int, title: String, size: UInt64)

    /// So many bytes of the layer more were written.
    func advance(_ bytes: Int)

    /// All is written, or nothing more will be.
    func finish()
}
