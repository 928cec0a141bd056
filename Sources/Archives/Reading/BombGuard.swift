import Failures

/// Counts what goes into a decompressor and what comes out, and refuses what exceeds the limits.
struct BombGuard {
    let limits: ReadingLimits
    let name: String
    private(set) var input: UInt64 = 0
    private(set) var output: UInt64 = 0

    init(_ limits: ReadingLimits, name: String) {
        self.limits = limits
        self.name = name
    }

    mutating func count(input more: Int) { input += UInt64(more) }

    /// - Throws: `Failure` with code `data` that tells the limit.
    mutating func count(output more: Int) throws {
        output += UInt64(more)
        if output > limits.output {
            throw failure("it comes to more than the limit of \(limits.output) bytes")
        }
        if output > limits.ratioFrom, output / max(1, input) >= limits.ratio {
            throw failure(
                "it comes to more than \(limits.ratioFrom) bytes, and more than \(limits.ratio) for each byte of it")
        }
    }

    func failure(_ why: String) -> Failure {
        Failure(.data, "cannot read \(name)", why: why, advice: "get it anew, and check where it comes from")
    }
}
