import ByteIO

/// The host's request to the guest: the file `/request` of the initramfs.
///
/// The format is text: one `KEY VALUE` for each item, each terminated by a NUL so that values may contain line breaks.
package struct GuestRequest: Equatable, Sendable {
    /// The path of the request in the initramfs.
    package static let path = "/request"

    /// The paths of kernel modules in the initramfs, in the order in which they are loaded.
    package var modules: [String] = []
    /// The serial numbers of the attached disks.
    package var disks: [String] = []
    /// The scripts to run, in this order.
    package var steps: [GuestStep] = []
    /// The environment of the scripts: `NAME=VALUE` each.
    package var environment: [String] = []
    /// A directory of the image that scripts cannot change, such as the store; nil if there is none.
    package var storeDir: String?
    /// True if scripts can use QEMU's user network.
    package var hasNetwork = false
    /// The largest number of processes that scripts may run at a time.
    package var processLimit = 1024

    /// Makes a request that runs nothing.
    package init() {}

    /// The content of the file.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        func add(_ key: String, _ value: String) {
            bytes += Array("\(key) \(value)".utf8) + [0]
        }
        for module in modules { add("module", module) }
        for disk in disks { add("disk", disk) }
        for step in steps { add(step.place.rawValue, step.key) }
        for variable in environment { add("environment", variable) }
        if let storeDir { add("storeDir", storeDir) }
        if hasNetwork { add("network", "") }
        add("processes", "\(processLimit)")
        return bytes
    }

    /// Parses the content of the file.
    ///
    /// - Throws: `GuestProtocolError` for an unknown key or an invalid value.
    package init(_ bytes: [UInt8]) throws(GuestProtocolError) {
        for field in bytes.split(separator: 0) {
            let text = String(decoding: field, as: UTF8.self)
            let key = text.prefix { $0 != " " }
            let value = String(text.dropFirst(key.count + 1))
            switch key {
            case "module": modules.append(value)
            case "disk": disks.append(value)
            case "environment": environment.append(value)
            case "storeDir": storeDir = value
            case "network": hasNetwork = true
            case "processes":
                guard let number = Int(value) else {
                    throw GuestProtocolError("'\(value)' is not a number of processes")
                }
                processLimit = number
            default:
                guard let place = GuestStep.Place(rawValue: String(key)) else {
                    throw GuestProtocolError("the request has an unknown key '\(key)'")
                }
                steps.append(GuestStep(key: value, place: place))
            }
        }
    }
}

/// A script that the guest runs.
package struct GuestStep: Hashable, Sendable {
    /// The file system that a script sees.
    package enum Place: String, Sendable {
        /// The image as `/`. Changes go to the layer.
        case root
        /// The layer's directory as the working directory; the image is read-only.
        case layer
    }

    /// The key of the script in the spec. The script's path in the initramfs is `/scripts/KEY`.
    package var key: String
    /// The file system that the script sees.
    package var place: Place

    /// - Parameter key: the key of the script in the spec.
    package init(key: String, place: Place) {
        self.key = key
        self.place = place
    }

    /// The path of the script in the initramfs.
    package var path: String { "/scripts/\(key)" }
}

/// An error for data from the other side that does not follow the protocol.
package struct GuestProtocolError: Error, Equatable {
    /// The reason, for people.
    package let cause: String

    /// - Parameter cause: the reason, for people.
    package init(_ cause: String) {
        self.cause = cause
    }
}

/// The names of the virtual devices between host and guest.
package enum GuestDevice {
    /// A disk, which the guest finds by its serial number.
    package enum Disk: Hashable, Sendable {
        /// A squashfs of the layers below; 0 is the topmost.
        case lower(Int)
        /// A tar of the layer's files before the scripts run.
        case contents
        /// The file system on which the layer is made.
        case layer
        /// The tar of the finished layer.
        case result

        /// The serial number.
        package var serial: String {
            switch self {
            case .lower(let number): "lower\(number)"
            case .contents: "contents"
            case .layer: "layer"
            case .result: "result"
            }
        }
    }

    /// A virtio serial port, which the guest finds by its name.
    package enum Port: String, Sendable {
        /// The output of the scripts.
        case output = "dockertools.output"
        /// The lines of a `GuestStatus`.
        case status = "dockertools.status"
    }

    /// The first line that the guest writes to its console. It tells the host that the guest has booted.
    package static let hello = "dockertools-guest: hello"
}
