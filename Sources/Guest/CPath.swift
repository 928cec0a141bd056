/// A path as system calls take it: its bytes, which need not be text, and a NUL.
struct CPath {
    let chars: [CChar]

    init(_ bytes: [UInt8]) { chars = (bytes + [0]).map { CChar(bitPattern: $0) } }

    /// For people.
    var words: String { String(decoding: chars.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
