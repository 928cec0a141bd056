package import JSON

extension JSONValue {
    /// The object with its known members by the specification's names, whatever their case is.
    ///
    /// Docker, podman and containerd read JSON with Go's `encoding/json`, to which `Cmd` and `cmd` are the same member of
    /// a structure. Members that are not known stay as they are, and so do values that are not objects.
    ///
    /// - Parameter known: the names of the members that readers use.
    /// - Throws: `OCIFormatError` for an object that has a member in two spellings: readers differ on which one counts.
    package func folded(_ known: [String]) throws(OCIFormatError) -> JSONValue {
        guard case .object(var members) = self else { return self }
        let others = members.keys.filter { !known.contains($0) }
        guard !others.isEmpty else { return self }
        let names = Dictionary(known.map { (Self.fold($0), $0) }) { first, _ in first }
        for other in others.sorted() {
            guard let name = names[Self.fold(other)] else { continue }
            guard members[name] == nil else {
                throw OCIFormatError(name, "is there twice, in two spellings: some readers use one, others the other")
            }
            members[name] = members.removeValue(forKey: other)
        }
        return .object(members)
    }

    /// The object with members of one member folded.
    func folded(_ known: [String], in key: String) throws(OCIFormatError) -> JSONValue {
        guard case .object(var members) = self, let value = members[key] else { return self }
        do {
            members[key] = try value.folded(known)
        } catch {
            throw error.inside(key)
        }
        return .object(members)
    }

    /// The name in lowercase, and with the two other characters that Go folds to ASCII letters.
    ///
    /// Source: `foldName` in Go's encoding/json.
    private static func fold(_ name: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "A"..."Z": folded.append(Unicode.Scalar(UInt8(scalar.value) + 32))
            case "\u{17F}": folded.append("s")
            case "\u{212A}": folded.append("k")
            default: folded.append(scalar)
            }
        }
        return String(folded)
    }
}
