/// Computes chain IDs: the names by which loaders find a layer together with all layers below it.
///
/// Source: OCI Image Format Specification, "Layer ChainID".
public enum ChainID {
    /// The chain ID of a layer.
    ///
    /// - Parameter parent: the chain ID of the layer below; nil for the lowest layer.
    public static func of(_ diffID: Digest, on parent: Digest?) throws -> Digest {
        try parent.map { try SHA256.digest(of: Array("\($0) \(diffID)".utf8)) } ?? diffID
    }

    /// The chain IDs of layers, the lowest first.
    public static func all(_ diffIDs: [Digest]) throws -> [Digest] {
        var parent: Digest?
        return try diffIDs.map { diffID in
            let chainID = try of(diffID, on: parent)
            parent = chainID
            return chainID
        }
    }
}
