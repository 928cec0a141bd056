import Errors
import JSON
import OCI

/// An image of a registry as nixpkgs' `pullImage` has it: a digest says which one it is, and a hash what its archive is.
package struct PullSpec: Hashable, Sendable {
    /// As it is written: `redis`, `registry.example:5000/team/app`.
    package let imageName: String
    /// Of the manifest, or of the index that has it.
    package let imageDigest: Digest
    /// Of the docker-archive that skopeo would make of it.
    package let hash: PinnedHash
    /// What it is called in the archive.
    package let finalName: ImageName
    package let os: String
    /// By Go's name.
    package let architecture: String
    /// False: the registry's certificate is not checked, and it may have none.
    package let tlsVerify: Bool

    /// Checks a spec for `pull` that was read.
    ///
    /// - Parameter sets: the overrides of the command line.
    /// - Throws: `ToolError` with code `data` that names every fault of the spec; `usage` for a malformed override.
    package init(_ file: SpecFile, sets: [String] = []) throws {
        try self.init(SpecValues(file.checked(sets: sets, verb: .pull).members))
    }

    /// - Parameter values: the keys of `pull`, which have been checked.
    init(_ values: SpecValues) throws {
        imageName = try values.text("imageName")
        guard let digest = Digest(try values.text("imageDigest")), let hash = PinnedHash(try values.text("sha256"))
        else {
            throw ToolError(
                .data, "cannot use the spec", cause: "its imageDigest or its sha256 is none", remedy: "correct the key")
        }
        imageDigest = digest
        self.hash = hash
        finalName = ImageName(
            name: values.textIfAny("finalImageName") ?? imageName, tag: try values.text("finalImageTag"))
        os = try values.text("os")
        architecture = HostArchitecture.goName(of: try values.text("arch"))
        tlsVerify = try values.flag("tlsVerify")
    }
}

/// The values of a checked spec by key, defaults filled in.
struct SpecValues {
    private let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) {
        self.members = members
    }

    /// The value that stands in the spec, under whichever of the key's names; nil if none does.
    func given(_ name: String) -> JSONValue? {
        for name in SpecKey.named(name)?.names ?? [name] {
            if let value = members[name], value != .null { return value }
        }
        return nil
    }

    func text(_ name: String) throws -> String { try value(name, "a string", \.string) }

    func textIfAny(_ name: String) -> String? { given(name)?.string }

    func number(_ name: String) throws -> Int64 { try value(name, "an integer", \.wholeNumber) }

    func flag(_ name: String) throws -> Bool { try value(name, "a boolean", \.bool) }

    func choice<Choice: RawRepresentable<String>>(_ name: String, as type: Choice.Type) throws -> Choice {
        try value(name, "a choice") { $0.string.flatMap(Choice.init(rawValue:)) }
    }

    /// The list of paths, a single one counting as a list.
    func paths(_ name: String) -> [String] {
        let value = given(name)
        return value?.strings ?? value?.string.map { [$0] } ?? []
    }

    private func value<Value>(_ name: String, _ kind: String, _ read: (JSONValue) -> Value?) throws -> Value {
        guard let value = (given(name) ?? SpecKey.named(name)?.defaultValue).flatMap(read) else {
            throw ToolError(
                .data, "cannot use the spec", cause: "its key \(name) is not \(kind)", remedy: "correct the key")
        }
        return value
    }
}
