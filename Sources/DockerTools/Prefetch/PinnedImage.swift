import Archives
import Digests
import Images

/// An image of a registry with all that it takes to pull the same bytes again: the arguments of nixpkgs' `pullImage`.
struct PinnedImage: Hashable, Sendable {
    var imageName: String
    var imageDigest: Digest
    /// Of the docker-archive.
    var sha256: Digest
    /// What it is called in that, name and tag.
    var finalName: ImageName
    var os: String
    /// By Go's name.
    var architecture: String
    var tlsVerify: Bool

    /// The arguments as `nix-prefetch-docker` has them, in its order and its spelling; then those that are not `pullImage`'s
    /// defaults, without which it would pull another image.
    private var arguments: [(name: String, value: JSONValue)] {
        var arguments: [(name: String, value: JSONValue)] = [
            ("imageName", .string(imageName)), ("imageDigest", .string("\(imageDigest)")),
            ("sha256", .string(sha256.nixBase32)), ("finalImageName", .string(finalName.name ?? "")),
            ("finalImageTag", .string(finalName.tag ?? "")),
        ]
        for (name, value) in [
            ("os", JSONValue.string(os)), ("arch", .string(architecture)), ("tlsVerify", .bool(tlsVerify)),
        ]
        where value != SpecKey.named(name)?.defaultValue {
            arguments.append((name, value))
        }
        return arguments
    }

    /// The arguments, a line each.
    func text(_ syntax: PinSyntax) -> String {
        switch syntax {
        case .nix: "{\n" + arguments.map { "  \($0) = \(Self.nix($1));\n" }.joined() + "}\n"
        case .json: "{\n" + arguments.map { "  \"\($0)\": \($1.canonical)" }.joined(separator: ",\n") + "\n}\n"
        // What JSON escapes in a string TOML escapes in the same way.
        case .toml: arguments.map { "\($0) = \($1.canonical)\n" }.joined()
        }
    }

    /// A value in Nix's language: in its strings `${` begins an expression.
    private static func nix(_ value: JSONValue) -> String {
        value.canonical.replacing("${", with: "\\${")
    }
}
