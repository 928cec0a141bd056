import ByteIO
import Errors
import JSON

/// The response of a registry or token server that rejected a request.
///
/// Source: OCI Distribution Specification 1.1, "Error Codes"; Docker's token servers.
struct RegistryErrorResponse {
    let status: Int
    /// The request: `GET https://registry.example/v2/app/manifests/1`.
    let request: String
    /// The server's message, safe to print; may be empty.
    let message: String
    /// The seconds in the Retry-After header.
    let retryAfter: Double?

    /// The most bytes of a body: 64 KiB.
    private static let limit = 64 * 1024
    /// The most bytes of the message.
    private static let messageLimit = 300

    /// Reads the body of the response.
    static func read(_ response: HTTPResponse, to request: String) -> RegistryErrorResponse {
        let body = (try? response.bytes(limit: limit)).flatMap { $0 } ?? []
        let value = try? JSONValue(parsing: body, source: "the registry's response", limit: limit)
        let errors = value?["errors"]?.array ?? []
        let texts = errors.compactMap { $0["message"]?.string ?? $0["code"]?.string }
        let text =
            texts.isEmpty
            ? (value?["message"]?.string ?? value?["details"]?.string ?? "") : texts.joined(separator: "; ")
        return RegistryErrorResponse(
            status: response.status, request: request,
            message: TerminalText.printable(Array(text.utf8.prefix(messageLimit))),
            retryAfter: response.header("Retry-After").flatMap { RetryPolicy.seconds($0) })
    }

    /// The error for the response.
    ///
    /// - Parameter task: what failed: `cannot pull docker.io/library/redis:7`.
    func error(_ task: String) -> ToolError {
        let cause = "\(request) returned \(status)" + (message.isEmpty ? "" : ": \(message)")
        switch status {
        case 401, 403:
            return ToolError(
                .unavailable, task, cause: cause,
                remedy: "log in to the registry (docker login, podman login), or use \(.credentials) USER:PASSWORD")
        case 404:
            return ToolError(.data, task, cause: cause, remedy: "check the name, the tag or digest, and the registry")
        case 429:
            let wait = retryAfter.map { " (retry after \(Int($0.rounded(.up))) s)" } ?? ""
            return ToolError(
                .unavailable, task, cause: "the registry's rate limit is exceeded\(wait): \(cause)",
                remedy: "try again later, or log in: registries allow more requests to users who are logged in")
        case 400...499:
            return ToolError(
                .unavailable, task, cause: cause, remedy: "check that the server is a registry, and what it requires")
        default:
            return ToolError(
                .unavailable, task, cause: cause, remedy: "try again later, or contact the registry's administrator")
        }
    }
}
