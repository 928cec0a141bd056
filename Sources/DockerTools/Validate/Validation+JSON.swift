import Archives
import Images

extension Validation {
    /// The object that `validate --json` prints:
    ///
    ///     valid   boolean
    ///     images  list of {names, imageID, layers: [{diffID, chainID, size}]}: names is a list of NAME:TAG, the size that of
    ///             the plain tar in bytes, 0 where it cannot be read
    ///     faults  list of {where, what, got, wanted}: strings; got and wanted are null where there is nothing to compare
    public var json: JSONValue {
        [
            "valid": .bool(faults.isEmpty),
            "images": .array(images.map(\.json)),
            "faults": .array(
                faults.map { fault in
                    [
                        "where": .string(fault.place), "what": .string(fault.what),
                        "got": fault.got.map { .string($0) } ?? .null,
                        "wanted": fault.wanted.map { .string($0) } ?? .null,
                    ]
                }),
        ]
    }
}

extension Validation.Entry {
    fileprivate var json: JSONValue {
        [
            "names": .array(image.names.map { .string("\($0)") }),
            "imageID": .string("\(image.imageID)"),
            "layers": .array(
                layers.map {
                    [
                        "diffID": .string("\($0.diffID)"), "chainID": .string("\($0.chainID)"),
                        "size": .int(Int64(clamping: $0.size)),
                    ]
                }),
        ]
    }
}
