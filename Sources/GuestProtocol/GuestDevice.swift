/// The virtual devices between host and guest, by the names that tell them on both sides.
public enum GuestDevice {
    /// A disk, by its serial number.
    public enum Disk: Hashable, Sendable {
        /// A squashfs of what lies below the layer; 0 is the topmost.
        case lower(Int)
        /// A tar of what the layer holds before the scripts run.
        case contents
        /// The file system that the layer is made on.
        case layer
        /// Where the layer's tar goes.
        case result

        public var serial: String {
            switch self {
            case .lower(let number): "lower\(number)"
            case .contents: "contents"
            case .layer: "layer"
            case .result: "result"
            }
        }
    }

    /// A virtio serial port.
    public enum Port: String, Sendable {
        /// What the scripts write.
        case output = "dockertools.output"
        /// The lines of a `GuestStatus`.
        case status = "dockertools.status"
    }

    /// What the guest writes to its console first of all. Until then the host cannot know whether it runs at all.
    public static let hello = "dockertools-guest: hello"
}
