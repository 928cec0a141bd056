import ByteIO

/// The values of a PAX extended header, parsed from records of the form `LENGTH KEY=VALUE\n`.
///
/// Source: POSIX.1-2001 pax. The parser is stricter than POSIX where readers differ and no regular writer needs it: it
/// rejects duplicate keys (of the keys below), empty values, and bytes after the last record.
struct PAXHeader {
    private(set) var path: [UInt8]?
    private(set) var linkTarget: [UInt8]?
    private(set) var userName: [UInt8]?
    private(set) var groupName: [UInt8]?
    private(set) var uid: UInt64?
    private(set) var gid: UInt64?
    private(set) var size: UInt64?
    private(set) var modified: TarTime?
    private(set) var xattrs: [TarXattr] = []
    /// The description of a sparse file; nil for other entries.
    private(set) var sparse: SparseRecords?

    init() {}

    init(parsing bytes: [UInt8]) throws(TarFormatError) {
        var rest = bytes[...]
        var attributes: Set<[UInt8]> = []
        while !rest.isEmpty {
            let record = try Self.record(&rest)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex else {
                throw TarFormatError("a record of its extended header has no key")
            }
            let (key, value) = (record[..<equals], record[(equals + 1)...])
            if key.starts(with: Self.xattrPrefix) {
                let name = Array(key.dropFirst(Self.xattrPrefix.count))
                guard attributes.insert(name).inserted else {
                    throw TarFormatError(
                        "its extended header has the attribute '\(TerminalText.printable(name))' twice")
                }
                try takeXattr(name, Array(value))
            } else {
                try take(String(decoding: key, as: UTF8.self), value)
            }
        }
    }

    private static let xattrPrefix = TarXattr.keyPrefix.withUTF8Buffer { Array($0) }

    /// Combines these records with a global header; these records take precedence.
    func over(_ global: PAXHeader) -> PAXHeader {
        var merged = global
        merged.path = path
        merged.linkTarget = linkTarget
        merged.size = size
        merged.userName = userName ?? global.userName
        merged.groupName = groupName ?? global.groupName
        merged.uid = uid ?? global.uid
        merged.gid = gid ?? global.gid
        merged.modified = modified ?? global.modified
        merged.xattrs = xattrs
        merged.sparse = sparse
        return merged
    }

    /// Removes the first record from `rest`.
    ///
    /// - Returns: the key and value, without the length and the newline.
    private static func record(_ rest: inout ArraySlice<UInt8>) throws(TarFormatError) -> ArraySlice<UInt8> {
        let digits = rest.prefix(while: isDigit)
        let body = rest[digits.endIndex...]
        guard let length = number(digits), body.first == UInt8(ascii: " "), length <= UInt64(rest.count),
            length >= UInt64(digits.count + 2)
        else { throw TarFormatError("a record of its extended header has a wrong length") }
        let end = rest.startIndex + Int(length)
        guard rest[end - 1] == UInt8(ascii: "\n") else {
            throw TarFormatError("a record of its extended header does not end where its length says")
        }
        defer { rest = rest[end...] }
        return body[(body.startIndex + 1)..<(end - 1)]
    }

    private mutating func take(_ key: String, _ value: ArraySlice<UInt8>) throws(TarFormatError) {
        switch key {
        case "path": try Self.set(&path, key, Self.name(key, value))
        case "linkpath": try Self.set(&linkTarget, key, Self.name(key, value))
        case "uname": try Self.set(&userName, key, Self.text(key, value))
        case "gname": try Self.set(&groupName, key, Self.text(key, value))
        case "uid": try Self.set(&uid, key, Self.integer(key, value))
        case "gid": try Self.set(&gid, key, Self.integer(key, value))
        case "size": try Self.set(&size, key, Self.integer(key, value))
        case "mtime": try Self.set(&modified, key, Self.time(key, value))
        case _ where key.hasPrefix(SparseRecords.prefix):
            var records = sparse ?? SparseRecords()
            sparse = nil
            try records.take(String(key.dropFirst(SparseRecords.prefix.count)), value)
            sparse = records
        default: break
        }
    }

    /// Adds an extended attribute. Its value may be empty and contain any bytes.
    private mutating func takeXattr(_ name: [UInt8], _ value: [UInt8]) throws(TarFormatError) {
        guard !name.isEmpty, !name.contains(0) else {
            throw TarFormatError("the name of one of its extended attributes is empty or contains a NUL")
        }
        xattrs.append(TarXattr(name: name, value: value))
    }

    /// Sets the value of a key, which may have only one.
    static func set<Value>(_ place: inout Value?, _ key: String, _ value: Value) throws(TarFormatError) {
        guard place == nil else { throw TarFormatError("its extended header has the record '\(key)' twice") }
        place = value
    }

    /// Checks the value of a key that names a file.
    static func name(_ key: String, _ value: ArraySlice<UInt8>) throws(TarFormatError) -> [UInt8] {
        guard !value.isEmpty else { throw TarFormatError("the record '\(key)' of its extended header is empty") }
        return try text(key, value)
    }

    private static func text(_ key: String, _ value: ArraySlice<UInt8>) throws(TarFormatError) -> [UInt8] {
        guard !value.contains(0) else {
            throw TarFormatError("the record '\(key)' of its extended header contains a NUL")
        }
        return Array(value)
    }

    /// Parses a number of at most 63 bits.
    static func integer(_ key: String, _ value: ArraySlice<UInt8>) throws(TarFormatError) -> UInt64 {
        guard let number = number(value), number <= UInt64(Int64.max) else { throw bad(key, value) }
        return number
    }

    /// Parses a time: seconds with an optional sign and fraction, truncated to nanoseconds.
    private static func time(_ key: String, _ value: ArraySlice<UInt8>) throws(TarFormatError) -> TarTime {
        let negative = value.first == UInt8(ascii: "-")
        let unsigned = negative ? value.dropFirst() : value
        let whole = unsigned.prefix(while: isDigit)
        var fraction = unsigned.dropFirst(whole.count)
        if fraction.first == UInt8(ascii: ".") {
            fraction = fraction.dropFirst()
        } else if !fraction.isEmpty {
            throw bad(key, value)
        }
        guard let number = number(whole), let seconds = Int64(exactly: number), fraction.allSatisfy(isDigit) else {
            throw bad(key, value)
        }
        var nanoseconds: UInt32 = 0
        for place in 0..<9 {
            let digit = place < fraction.count ? fraction[fraction.startIndex + place] - UInt8(ascii: "0") : 0
            nanoseconds = nanoseconds * 10 + UInt32(digit)
        }
        guard negative else { return TarTime(seconds: seconds, nanoseconds: nanoseconds) }
        guard nanoseconds > 0 else { return TarTime(seconds: -seconds) }
        return TarTime(seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }

    private static func bad(_ key: String, _ value: ArraySlice<UInt8>) -> TarFormatError {
        let text = TerminalText.printable(value)
        return TarFormatError("the record '\(key)' of its extended header, '\(text)', is not a number")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Parses a number of decimal digits; nil if there are no digits, other bytes, or a value beyond 64 bits.
    static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard isDigit(byte) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carried else { return nil }
            value = sum
        }
        return value
    }
}
