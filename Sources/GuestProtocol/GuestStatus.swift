/// What the guest tells of its work when it ends, in a few lines: all that the host believes of it, besides the layer's
/// tar.
package struct GuestStatus: Equatable, Sendable {
    /// How the last step ended.
    package enum Result: Equatable, Sendable {
        /// With an exit status.
        case exited(Int32)
        /// By a signal.
        case signaled(Int32)
        /// It could not be started, with the system's number of the error.
        case notStarted(Int32)
        /// The guest itself could not do its work.
        case failed(String)
    }

    package var result: Result
    /// The key of the last step; empty before the first.
    package var key = ""
    /// Whether the kernel ended processes of the step, since there was no memory for them.
    package var isOutOfMemory = false
    /// Whether the step wanted more processes than it may have, and was ended for it.
    package var isOutOfProcesses = false
    /// The least room that was left on the disk while scripts ran, in bytes.
    package var leastRoom: UInt64 = .max
    /// Bytes of the tar on the disk for the result; 0 if there is none.
    package var layerSize: UInt64 = 0

    package init(_ result: Result) {
        self.result = result
    }

    /// The last line: what came before is whole.
    private static let end = "end"

    package var lines: [String] {
        let how =
            switch result {
            case .exited(let status): "exited \(status)"
            case .signaled(let signal): "signaled \(signal)"
            case .notStarted(let error): "notStarted \(error)"
            case .failed(let cause): "failed \(cause.split(whereSeparator: \.isNewline).joined(separator: "; "))"
            }
        return [
            how, "key \(key)", "outOfMemory \(isOutOfMemory)", "outOfProcesses \(isOutOfProcesses)",
            "leastRoom \(leastRoom)", "layerSize \(layerSize)", Self.end,
        ]
    }

    /// - Throws: `GuestProtocolFault` for anything but such lines, in that order.
    package init(_ lines: [String]) throws(GuestProtocolFault) {
        guard lines.count == 7, lines[6] == Self.end else {
            throw GuestProtocolFault("it sent \(lines.count) lines of status, which are none")
        }
        result = try Self.result(lines[0])
        key = try Self.value(lines[1], of: "key") { $0 }
        isOutOfMemory = try Self.value(lines[2], of: "outOfMemory") { Bool($0) }
        isOutOfProcesses = try Self.value(lines[3], of: "outOfProcesses") { Bool($0) }
        leastRoom = try Self.value(lines[4], of: "leastRoom") { UInt64($0) }
        layerSize = try Self.value(lines[5], of: "layerSize") { UInt64($0) }
    }

    private static func result(_ line: String) throws(GuestProtocolFault) -> Result {
        let kind = line.prefix { $0 != " " }
        let value = String(line.dropFirst(kind.count + 1))
        switch (kind, Int32(value)) {
        case ("exited", let status?): return .exited(status)
        case ("signaled", let signal?): return .signaled(signal)
        case ("notStarted", let error?): return .notStarted(error)
        case ("failed", _): return .failed(value)
        default: throw GuestProtocolFault("its status begins with '\(line.prefix(100))'")
        }
    }

    private static func value<Value>(
        _ line: String, of key: String, _ read: (String) -> Value?
    ) throws(GuestProtocolFault) -> Value {
        guard line.hasPrefix(key + " "), let value = read(String(line.dropFirst(key.utf8.count + 1))) else {
            throw GuestProtocolFault("its status has '\(line.prefix(100))' in the place of \(key)")
        }
        return value
    }
}
