import Glibc
import JSON
import OCI
import Registry

/// Tells other programs on standard error how the work goes on: a JSON object a line, whose member `event` tells them apart.
package final class EventReporter: Reporter {
    private let isQuiet: Bool

    /// - Parameter isQuiet: nothing is told at all.
    package init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    package func note(_ text: String) { tell("note", ["text": .string(text)]) }

    package func warn(_ text: String) { tell("warning", ["text": .string(text)]) }

    package func scriptOutput(_ line: String) { tell("script", ["text": .string(line)]) }

    package func layer(_ number: Int, of count: Int, title: String, size: UInt64) {
        tell("layer", ["title": .string(title), "size": bytes(size)].merging(place(number, count)) { $1 })
    }

    /// Layers are told when they are there.
    package func advance(_ bytes: Int) {}

    package func finish() {}

    package func finished(_ layer: Digest, size: UInt64) {
        tell("fetched", ["digest": .string("\(layer)"), "size": bytes(size)])
    }

    package func pushed(_ layer: PushedLayer, number: Int, of count: Int) {
        let members: [String: JSONValue] = [
            "digest": .string("\(layer.blob.digest)"), "size": bytes(layer.blob.size),
            "status": .string(layer.status.rawValue),
        ]
        tell("pushed", members.merging(place(number, count)) { $1 })
    }

    private func bytes(_ count: UInt64) -> JSONValue { .int(Int64(clamping: count)) }

    private func place(_ number: Int, _ count: Int) -> [String: JSONValue] {
        ["number": .int(Int64(number)), "of": .int(Int64(count))]
    }

    /// A line is written in one go, so that those of several threads do not mix.
    private func tell(_ event: String, _ members: [String: JSONValue]) {
        guard !isQuiet else { return }
        let line = JSONValue.object(members.merging(["event": .string(event)]) { $1 }).canonical + "\n"
        let bytes = Array(line.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
