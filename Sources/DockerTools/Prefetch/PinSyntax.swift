/// How the arguments of `pullImage` are written.
public enum PinSyntax: String, CaseIterable, Sendable {
    /// A set, as `nix-prefetch-docker` prints it.
    case nix
    /// An object, which is also a spec for `pull`.
    case json
    /// A spec for `pull`.
    case toml
}
