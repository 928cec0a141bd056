import Archives
import SystemPackage

/// Capabilities of a process, of those that the files of a layer take.
///
/// Source: `linux/capability.h`.
struct Capabilities: OptionSet, Sendable {
    let rawValue: UInt64

    static let changeOwner = Capabilities(rawValue: 1 << 0)
    static let overrideModes = Capabilities(rawValue: 1 << 1)
    static let ownFiles = Capabilities(rawValue: 1 << 3)
    static let makeNodes = Capabilities(rawValue: 1 << 27)
    static let setCapabilities = Capabilities(rawValue: 1 << 31)

    /// Those of this process.
    static var effective: Capabilities {
        let status = (try? SmallFile.text(FilePath("/proc/self/status"))) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return Capabilities(rawValue: line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0)
    }
}
