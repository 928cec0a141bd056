/// A bar with the layer at hand, the bytes so far and their rate, on one line.
struct ProgressLine {
    /// Of the layer, from 1 on.
    var number: Int
    /// Layers in the image.
    var count: Int
    var title: String
    /// Bytes of the layer.
    var size: UInt64
    /// Bytes of the layers below.
    var bytesBefore: UInt64 = 0
    /// Bytes of this layer so far.
    var bytes: UInt64 = 0

    private static let barWidth = 24

    var totalBytes: UInt64 { bytesBefore + bytes }

    /// - Parameters:
    ///   - seconds: since the first layer began.
    ///   - columns: the most that the line may have.
    func text(seconds: Double, columns: Int) -> String {
        let part = size > 0 ? Double(min(bytes, size)) / Double(size) : 0
        let share = count > 0 ? (Double(max(0, number - 1)) + part) / Double(count) : 0
        let filled = Int(share * Double(Self.barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled)
        let rate = seconds > 0.2 ? "  \(ByteCount(UInt64(Double(totalBytes) / seconds)))/s" : ""
        return String(
            "[\(bar)] \(number)/\(count)  \(ByteCount(totalBytes))\(rate)  \(title.onOneLine)".prefix(columns))
    }
}
