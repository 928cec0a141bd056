/// A set of small numbers as bits: one word for 64 of them, up to the largest that it holds.
struct PathSet: Hashable {
    private var words: [UInt64] = []

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    mutating func insert(_ member: Int) {
        let word = member / 64
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1 - words.count)) }
        words[word] |= 1 << UInt64(member % 64)
    }

    mutating func formUnion(_ other: PathSet) {
        if other.words.count > words.count {
            words.append(contentsOf: repeatElement(0, count: other.words.count - words.count))
        }
        for word in other.words.indices { words[word] |= other.words[word] }
    }

    /// Words that become zero at the end are dropped, so that equal sets are equal values.
    mutating func subtract(_ other: PathSet) {
        for word in 0..<min(words.count, other.words.count) { words[word] &= ~other.words[word] }
        while words.last == 0 { words.removeLast() }
    }

    func isDisjoint(with other: PathSet) -> Bool {
        !zip(words, other.words).contains { $0 & $1 != 0 }
    }

    func forEach(_ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
