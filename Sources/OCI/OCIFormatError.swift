import JSON

/// The reason why a JSON document is not a valid descriptor, manifest, index or config.
///
/// The reader that knows the document's name makes a `ToolError` of it: `schemaVersion of index.json is 1; expected 2`.
public struct OCIFormatError: Error, Equatable {
    /// The member that is wrong, from the root of the document: `manifests[0].digest`; empty for the document itself.
    public let path: String
    /// The fault, as the predicate of a sentence: `is missing; expected a string`.
    public let reason: String

    package init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    /// The error as a sentence.
    ///
    /// - Parameter document: the name of the document: `index.json`.
    public func sentence(_ document: String) -> String {
        path.isEmpty ? "\(document) \(reason)" : "\(path) of \(document) \(reason)"
    }

    /// The same error for a value that is a member of another one.
    func inside(_ member: String) -> OCIFormatError {
        OCIFormatError(path.isEmpty ? member : "\(member).\(path)", reason)
    }
}

extension JSONValue {
    /// Checks that the value is an object.
    func requireObject() throws(OCIFormatError) {
        guard object == nil else { return }
        throw OCIFormatError("", "is \(kind); expected an object")
    }

    /// The error for a member that is missing or has the wrong type.
    func wrong(_ key: String, expected: String) -> OCIFormatError {
        OCIFormatError(key, "is \(self[key]?.kind ?? "missing"); expected \(expected)")
    }

    /// Reads a member that is a descriptor.
    func descriptor(_ key: String) throws(OCIFormatError) -> Descriptor {
        guard let value = self[key] else { throw wrong(key, expected: "a descriptor") }
        do {
            return try Descriptor(json: value)
        } catch {
            throw error.inside(key)
        }
    }

    /// Reads a member that is a list of descriptors.
    func descriptors(_ key: String) throws(OCIFormatError) -> [Descriptor] {
        guard let values = self[key]?.array else { throw wrong(key, expected: "a list") }
        var descriptors: [Descriptor] = []
        for (index, value) in values.enumerated() {
            do {
                descriptors.append(try Descriptor(json: value))
            } catch {
                throw error.inside("\(key)[\(index)]")
            }
        }
        return descriptors
    }

    /// The annotations of a descriptor, manifest or index; values that are not strings are left out.
    var annotations: [String: String] { (self["annotations"]?.object ?? [:]).compactMapValues(\.string) }

    /// An object of strings; nil for an empty one, which documents leave out.
    static func annotations(_ annotations: [String: String]) -> JSONValue? {
        annotations.isEmpty ? nil : .object(annotations.mapValues { .string($0) })
    }

    /// Checks what manifests and indexes have in common.
    ///
    /// A document that one reader takes for a manifest and another for an index is refused (CVE-2021-41190).
    ///
    /// - Parameters:
    ///   - known: the media types of such a document.
    ///   - other: the member that only the other kind of document has.
    func requireVersion2(_ known: Set<String>, other: String) throws(OCIFormatError) {
        try requireObject()
        if let mediaType = self["mediaType"] {
            guard let text = mediaType.string, known.contains(text) else {
                throw OCIFormatError(
                    "mediaType", "is \(mediaType.canonical), which is not the media type of such a document")
            }
        }
        guard self["schemaVersion"]?.int == 2 else {
            throw OCIFormatError("schemaVersion", "is \(self["schemaVersion"]?.canonical ?? "missing"); expected 2")
        }
        guard self[other] == nil else {
            throw OCIFormatError(
                "", "has both manifests and layers: some readers take it for an index, others for a manifest")
        }
    }
}
