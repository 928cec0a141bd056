import ByteIO
import Glibc
import JSON
public import OCI
public import Registry

/// Reports to other programs on standard error: one JSON object on each line, with its kind as the member `event`.
public final class EventReporter: Reporter {
    private let isQuiet: Bool

    /// Creates a reporter.
    ///
    /// - Parameter isQuiet: whether nothing is reported.
    public init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    /// Prints a fact.
    public func note(_ text: String) { emit("note", ["text": .string(text)]) }

    /// Prints a possible problem.
    public func warn(_ text: String) { emit("warning", ["text": .string(text)]) }

    /// Prints a line of a script.
    public func scriptOutput(_ line: String) { emit("script", ["text": .string(line)]) }

    /// Shows the layer that begins.
    public func layer(_ number: Int, of count: Int, title: String, size: UInt64) {
        emit("layer", ["title": .string(title), "size": bytes(size)].merging(place(number, count)) { $1 })
    }

    /// Does nothing: layers are reported when they are complete.
    public func advance(_ bytes: Int) {}

    /// Does nothing.
    public func finish() {}

    /// Prints a layer that was fetched.
    public func finished(_ layer: Digest, size: UInt64) {
        emit("fetched", ["digest": .string("\(layer)"), "size": bytes(size)])
    }

    /// Prints a layer that is in the registry.
    public func pushed(_ layer: PushedLayer, number: Int, of count: Int) {
        let members: [String: JSONValue] = [
            "digest": .string("\(layer.blob.digest)"), "size": bytes(layer.blob.size),
            "status": .string(layer.status.rawValue),
        ]
        emit("pushed", members.merging(place(number, count)) { $1 })
    }

    private func bytes(_ count: UInt64) -> JSONValue { .int(Int64(clamping: count)) }

    private func place(_ number: Int, _ count: Int) -> [String: JSONValue] {
        ["number": .int(Int64(number)), "of": .int(Int64(count))]
    }

    /// Writes an event with one system call, so that lines of several threads do not mix.
    private func emit(_ event: String, _ members: [String: JSONValue]) {
        guard !isQuiet else { return }
        let line = JSONValue.object(members.merging(["event": .string(event)]) { $1 }).canonical + "\n"
        let bytes = Array((isatty(STDERR_FILENO) == 1 ? line.printable : line).utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
