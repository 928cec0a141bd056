import ArgumentParser
import DockerTools

/// The options of all verbs that read the layers of images.
struct LimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The maximum size of an uncompressed layer: bytes, or with K, M, G or T behind it (default: 64G).",
            valueName: "size"))
    var maxLayerSize: ByteSize?

    @Option(
        help: ArgumentHelp(
            """
            The maximum number of uncompressed bytes for each compressed byte of a layer, which counts from 4 GiB on \
            (default: 200).
            """, valueName: "number"))
    var maxRatio: UInt64?

    func validate() throws {
        guard maxRatio != 0 else { throw ValidationError("--max-ratio takes a number from 1 on.") }
    }

    /// Sets the limits that were given.
    func apply(to context: inout Context) {
        if let maxLayerSize { context.maxLayerSize = maxLayerSize.bytes }
        if let maxRatio { context.maxCompressionRatio = maxRatio }
    }
}

/// A number of bytes on the command line: `1000`, `64K`, `100G`. The units are powers of 1024.
struct ByteSize: ExpressibleByArgument, Equatable {
    let bytes: UInt64

    /// Nil for text that is not a size, for 0, and for more than 64 bits.
    init?(argument: String) {
        var digits = Substring(argument)
        var unit: UInt64 = 1
        if let last = argument.last?.uppercased(), let power = ["K", "M", "G", "T"].firstIndex(of: last) {
            digits = digits.dropLast()
            unit <<= UInt64(10 * (power + 1))
        }
        guard let number = UInt64(digits), number > 0 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self.bytes = bytes
    }
}
