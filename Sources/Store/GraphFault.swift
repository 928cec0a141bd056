import Failures

/// What is wrong at a place of a graph.
struct GraphFault {
    /// What is read: `the graph file 'closure.json'`.
    let source: String
    /// Where in it: `line 7`, `graph[3].references`.
    let place: String

    /// - Parameter found: what stands there, in words or in quotes.
    func failure(found: String, expected: String) -> Failure {
        Failure(
            .data, "cannot use \(source)", why: "\(place): found \(found), expected \(expected)",
            advice: "make the graph with `nix path-info --json --recursive`, exportReferencesGraph or "
                + "`nix-store --dump-db`")
    }

    /// Text from outside in quotes, cut so that the message stays readable.
    static func quote(_ text: some StringProtocol) -> String {
        let limit = 300
        return text.utf8.count <= limit ? "'\(text)'" : "'\(text.prefix(limit))…'"
    }
}
