import ByteIO

/// What the host has the guest do: the file `/request` of the initramfs.
///
/// It is text: `KEY VALUE` for each thing, each with a NUL behind it, so that values may hold line breaks.
package struct GuestRequest: Equatable, Sendable {
    /// Where it lies in the initramfs.
    package static let path = "/request"

    /// Kernel modules in the initramfs, in the order in which they are loaded.
    package var modules: [String] = []
    /// The serial numbers of the disks that are there.
    package var disks: [String] = []
    /// What is run, one behind the other.
    package var steps: [GuestStep] = []
    /// `NAME=VALUE` each.
    package var environment: [String] = []
    /// The directory of the image that no script may change, as the store is; nil: there is none.
    package var storeDir: String?
    /// Whether scripts reach QEMU's network.
    package var hasNetwork = false
    /// The most processes that scripts may have at a time.
    package var processLimit = 1024

    package init() {}

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

    /// - Throws: `GuestProtocolFault` for what the host does not write.
    package init(_ bytes: [UInt8]) throws(GuestProtocolFault) {
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
                guard let number = Int(value) else { throw GuestProtocolFault("'\(value)' is no number of processes") }
                processLimit = number
            default:
                guard let place = GuestStep.Place(rawValue: String(key)) else {
                    throw GuestProtocolFault("the request has a key '\(key)'")
                }
                steps.append(GuestStep(key: value, place: place))
            }
        }
    }
}

/// A script that the guest runs.
package struct GuestStep: Hashable, Sendable {
    package enum Place: String, Sendable {
        /// In the root of the image, of which all is seen.
        case root
        /// In the directory of the layer, with the image as it is then around it.
        case layer
    }

    /// The spec's key that the script stands in: it lies at `/scripts/KEY` in the initramfs.
    package var key: String
    package var place: Place

    package init(key: String, place: Place) {
        self.key = key
        self.place = place
    }

    /// Where the script lies in the initramfs.
    package var path: String { "/scripts/\(key)" }
}

/// What one side sent is not what the other one takes.
package struct GuestProtocolFault: Error, Equatable {
    package let cause: String

    package init(_ cause: String) {
        self.cause = cause
    }
}

/// The virtual devices between host and guest, by the names that tell them on both sides.
package enum GuestDevice {
    /// A disk, by its serial number.
    package enum Disk: Hashable, Sendable {
        /// A squashfs of what lies below the layer; 0 is the topmost.
        case lower(Int)
        /// A tar of what the layer holds before the scripts run.
        case contents
        /// The file system that the layer is made on.
        case layer
        /// Where the layer's tar goes.
        case result

        package var serial: String {
            switch self {
            case .lower(let number): "lower\(number)"
            case .contents: "contents"
            case .layer: "layer"
            case .result: "result"
            }
        }
    }

    /// A virtio serial port.
    package enum Port: String, Sendable {
        /// What the scripts write.
        case output = "dockertools.output"
        /// The lines of a `GuestStatus`.
        case status = "dockertools.status"
    }

    /// What the guest writes to its console first of all. Until then the host cannot know whether it runs at all.
    package static let hello = "dockertools-guest: hello"
}
