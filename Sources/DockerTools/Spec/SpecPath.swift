import Archives

/// The path of a value in a spec, as people write it: `config.Env[2]`, `config.Labels["a.b"]`.
struct SpecPath: Equatable {
    var text: String

    init(_ key: String) {
        text = Self.isPlain(key) ? key : Self.quoted(key)
    }

    private init(text: String) {
        self.text = text
    }

    func key(_ key: String) -> SpecPath {
        SpecPath(text: Self.isPlain(key) ? "\(text).\(key)" : "\(text)[\(Self.quoted(key))]")
    }

    subscript(index: Int) -> SpecPath { SpecPath(text: "\(text)[\(index)]") }

    private static func isPlain(_ key: String) -> Bool {
        (1...80).contains(key.utf8.count)
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func quoted(_ key: String) -> String { JSONValue.string(key).shortened }
}
