/// What the host has the guest do: the file `/request` of the initramfs.
///
/// It is text: `KEY VALUE` for each thing, each with a NUL behind it, so that values may hold line breaks.
public struct GuestRequest: Equatable, Sendable {
    /// Where it lies in the initramfs.
    public static let path = "/request"

    /// Kernel modules in the initramfs, in the order in which they are loaded.
    public var modules: [String] = []
    /// The serial numbers of the disks that are there.
    public var disks: [String] = []
    /// What is run, one behind the other.
    public var steps: [GuestStep] = []
    /// `NAME=VALUE` each.
    public var environment: [String] = []
    /// The folder of the image that no script may change, as the store is; nil: there is none.
    public var storeDir: String?
    /// Whether scripts reach QEMU's network.
    public var hasNetwork = false
    /// The most processes that scripts may have at a time.
    public var processLimit = 1024

    public init() {}

    public var bytes: [UInt8] {
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
    public init(_ bytes: [UInt8]) throws(GuestProtocolFault) {
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
public struct GuestStep: Hashable, Sendable {
    public enum Place: String, Sendable {
        /// In the root of the image, of which all is seen.
        case root
        /// In the folder of the layer, with the image as it is then around it.
        case layer
    }

    /// The spec's key that the script stands in: it lies at `/scripts/KEY` in the initramfs.
    public var key: String
    public var place: Place

    public init(key: String, place: Place) {
        self.key = key
        self.place = place
    }

    /// Where the script lies in the initramfs.
    public var path: String { "/scripts/\(key)" }
}

/// What one side sent is not what the other one takes.
public struct GuestProtocolFault: Error, Equatable {
    public let why: String

    public init(_ why: String) {
        self.why = why
    }
}
