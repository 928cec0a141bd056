import Archives
import Images

/// What became of an image that was loaded into a daemon.
public struct LoadResult: Sendable {
    /// How many layers, and their bytes.
    struct Part: Sendable {
        let layers: Int
        let bytes: UInt64

        var json: JSONValue { ["layers": .int(Int64(layers)), "bytes": .int(Int64(clamping: bytes))] }
    }

    let image: WrittenImage
    /// The daemon's address.
    let daemon: String
    /// The layers that were sent, and the bytes of the whole archive that they were sent in.
    let sent: Part
    /// The layers that the daemon had.
    let spared: Part

    /// A line for people: the image's name, or its ID if it has none.
    public var text: String { (image.names.first.map { "\($0)" } ?? "\(image.imageID)") + "\n" }

    /// What verbs that write an image tell, output being the daemon's address and size what was sent, with
    /// `sent: {layers, bytes}` and `spared: {layers, bytes}`.
    public var json: JSONValue {
        let common = ImageResult(images: [image], output: daemon, size: sent.bytes).json.object ?? [:]
        return .object(common.merging(["sent": sent.json, "spared": spared.json]) { $1 })
    }
}
