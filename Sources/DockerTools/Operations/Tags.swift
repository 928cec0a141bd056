import Errors
package import JSON
import Registry

extension DockerTools {
    /// Lists the tags of a repository.
    ///
    /// - Parameter name: the name in the registry, without a tag: `registry.example/team/app`.
    /// - Returns: the tags in the registry's order.
    /// - Throws: `ToolError`: `usage` for a malformed name or one with a tag, `data` if there is no such repository,
    ///   `unavailable` if the registry fails.
    public func tags(of name: String) async throws -> RepositoryTags {
        try await run {
            let reference = try RegistryReference(name)
            guard reference.tag == nil, reference.digest == nil else {
                throw ToolError(
                    .usage, "cannot list the tags of \(reference)",
                    cause: "the name has a tag or a digest, and the tags are those of a repository",
                    remedy: "name \(reference.name)")
            }
            let places = try context.registryPlaces(for: reference, task: "cannot list the tags of \(reference)")
            return RepositoryTags(name: reference.name, tags: try places.first { try $0.client.tags($0.repository) })
        }
    }
}

/// The tags of a repository.
public struct RepositoryTags: Hashable, Sendable {
    /// The repository with its registry: `docker.io/library/redis`.
    public let name: String
    /// The tags in the registry's order.
    public let tags: [String]

    /// The tags, one on each line.
    public var text: String { tags.map { "\($0)\n" }.joined() }

    /// The object `{name, tags}`.
    package var json: JSONValue { ["name": .string(name), "tags": .array(tags.map { .string($0) })] }
}
