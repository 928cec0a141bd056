/// What a token is to allow: `repository:library/redis:pull`.
///
/// Source: the token scope documentation of the Docker registry.
struct RegistryScope: Hashable, CustomStringConvertible {
    let repository: String
    /// `pull`, or `pull,push`.
    let actions: String

    static func pull(_ repository: String) -> RegistryScope { RegistryScope(repository: repository, actions: "pull") }
    static func push(_ repository: String) -> RegistryScope {
        RegistryScope(repository: repository, actions: "pull,push")
    }

    var description: String { "repository:\(repository):\(actions)" }
}
