/// Encodes the records of a PAX extended header, `LENGTH KEY=VALUE\n` each, for values that do not fit in a ustar
/// header.
///
/// Source: POSIX.1-2001 pax; order and `hdrcharset` as in Python's `tarfile._create_pax_generic_header`.
struct PAXRecords {
    private(set) var bytes: [UInt8] = []
    private var isBinary = false

    var isEmpty: Bool { bytes.isEmpty }

    /// The first record if any value is not UTF-8.
    private static let binary = Array("21 hdrcharset=BINARY\n".utf8)

    mutating func add(_ key: StaticString, _ value: TarText) {
        if !isBinary, !value.isUTF8 {
            isBinary = true
            bytes.insert(contentsOf: Self.binary, at: 0)
        }
        add(key, value.bytes)
    }

    mutating func add(_ key: StaticString, _ value: some BinaryInteger) {
        add(key, digits: String(value))
    }

    mutating func add(_ key: StaticString, _ value: TarTime) {
        add(key, digits: value.decimal)
    }

    /// Adds an extended attribute. Its value is not changed and does not affect `hdrcharset`.
    mutating func add(_ xattr: TarXattr) {
        xattr.name.withUnsafeBytes { name in
            xattr.value.withUnsafeBytes { add(TarXattr.keyPrefix, $0, suffix: name) }
        }
    }

    private mutating func add(_ key: StaticString, digits: String) {
        var digits = digits
        digits.withUTF8 { add(key, UnsafeRawBufferPointer($0)) }
    }

    /// - Parameter suffix: the rest of the key, after `key`.
    private mutating func add(
        _ key: StaticString, _ value: UnsafeRawBufferPointer,
        suffix: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        // The length counts its own digits.
        let rest = key.utf8CodeUnitCount + suffix.count + value.count + 3
        var length = rest
        while length != rest + Self.digits(length) { length = rest + Self.digits(length) }
        bytes.append(contentsOf: String(length).utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(contentsOf: suffix)
        bytes.append(UInt8(ascii: "="))
        bytes.append(contentsOf: value)
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func digits(_ value: Int) -> Int {
        var (count, rest) = (1, value)
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}
