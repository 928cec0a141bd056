/// Text that is shown to nobody: a password, a token. Whatever prints it, even what dumps a value that holds it, prints
/// that it is there and no more.
public struct Secret: Equatable, Sendable {
    /// The text, for the one who has to send it.
    public let text: String

    public init(_ text: String) {
        self.text = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(secret)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
