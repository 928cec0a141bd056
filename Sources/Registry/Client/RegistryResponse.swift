import ByteIO
import Errors
import JSON

/// What a registry says where it does not do what it was asked.
struct RegistryResponse {
    let status: Int
    /// What was asked, for people: `GET https://registry.example/v2/app/manifests/1`.
    let request: String
    /// The registry's own words, fit to be printed; may be empty.
    let words: String
    /// What Retry-After asks for, in seconds.
    let retryAfter: Double?

    /// More than this no registry has to say.
    private static let limit = 64 * 1024
    private static let longestWords = 300

    init(_ response: HTTPResponse, to request: String) {
        status = response.status
        self.request = request
        retryAfter = response.header("Retry-After").flatMap { RetryPolicy.seconds($0) }
        let body = (try? response.bytes(limit: Self.limit)).flatMap { $0 } ?? []
        let value = try? JSONValue(parsing: body, source: "the registry's answer", limit: Self.limit)
        let errors = value?["errors"]?.array ?? []
        let texts = errors.compactMap { $0["message"]?.string ?? $0["code"]?.string }
        let text =
            texts.isEmpty
            ? (value?["message"]?.string ?? value?["details"]?.string ?? "") : texts.joined(separator: "; ")
        words = TerminalText.printable(Array(text.utf8.prefix(Self.longestWords)))
    }

    /// The error that it comes to.
    ///
    /// - Parameter task: what failed: `cannot pull docker.io/library/redis:7`.
    func failure(_ task: String) -> ToolError {
        let said = words.isEmpty ? "" : ": \(words)"
        let cause = "\(request) was answered with \(status)\(said)"
        switch status {
        case 401, 403:
            return ToolError(
                .unavailable, task, cause: cause,
                remedy: "log in to the registry (docker login, podman login), or give --creds USER:PASSWORD")
        case 404:
            return ToolError(.data, task, cause: cause, remedy: "check the name, the tag or digest, and the registry")
        case 429:
            let wait = retryAfter.map { ", and asks to come back in \(Int($0.rounded(.up))) s" } ?? ""
            return ToolError(
                .unavailable, task, cause: "the registry limits how much is asked of it\(wait): \(cause)",
                remedy: "try again later, or log in: registries allow more to those they know")
        case 400...499:
            return ToolError(
                .unavailable, task, cause: cause, remedy: "see what the registry wants, and whether this is one")
        default:
            return ToolError(.unavailable, task, cause: cause, remedy: "try again later, or see to the registry")
        }
    }
}
