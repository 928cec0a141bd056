import Archives

extension ImageInspection {
    /// The description for people: what the image is, how it runs, and a table of its layers.
    public var text: String {
        var facts = TextTable([.init(""), .init("")])
        facts.add(["name", name ?? "(none)"])
        facts.add(["tag", tag ?? "(none)"])
        for other in names where other != names.first { facts.add(["also named", other]) }
        facts.add(["image ID", "\(imageID)"])
        for key in ["architecture", "variant", "os", "created"] {
            if let value = imageConfig[key], value != .null { facts.add([key, Self.words(value)]) }
        }
        for (key, value) in configFacts { facts.add([key, value]) }
        facts.add(["size", "\(ByteCount(layers.reduce(0) { $0 &+ $1.size })) in \(layers.count) layers"])
        return facts.description + "\n" + layerTable.description
    }

    /// The fields of the configuration that tell how the image runs, in the order of its specification; what is not set
    /// is left out. Env and the like have a line for each value.
    private var configFacts: [(String, String)] {
        let keys = [
            "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
            "Healthcheck",
        ]
        return keys.flatMap { key in
            Self.lines(key, runConfig[key] ?? .null).map { (key, $0) }
        }
    }

    private static func lines(_ key: String, _ value: JSONValue) -> [String] {
        switch value {
        case .null, .string(""): []
        // A command is one thing, and its words' limits count.
        case .array where key == "Cmd" || key == "Entrypoint": [value.canonical]
        case .array(let values): values.map(words)
        case .object(let members) where key == "Labels":
            members.sorted { $0.key < $1.key }.map { "\($0.key)=\(words($0.value))" }
        // Ports and volumes are the keys of objects that are empty.
        case .object(let members) where key != "Healthcheck": members.keys.sorted()
        default: [words(value)]
        }
    }

    private var layerTable: TextTable {
        var table = TextTable([.init("LAYER", .right), .init("SIZE", .right), .init("DIFF ID"), .init("CREATED BY")])
        for (index, layer) in layers.enumerated() {
            table.add(["\(index + 1)", "\(ByteCount(layer.size))", "\(layer.diffID)", Self.origin(layer)])
        }
        return table
    }

    /// The comment says more than the program's name where there is one; both are cut to what a person reads.
    private static func origin(_ layer: Layer) -> String {
        let parts = [layer.createdBy, layer.comment].compactMap { $0?.onOneLine }.filter { !$0.isEmpty }
        let text = parts.joined(separator: ": ")
        return text.count > 80 ? text.prefix(79) + "…" : text
    }

    private static func words(_ value: JSONValue) -> String { value.string ?? value.canonical }
}
