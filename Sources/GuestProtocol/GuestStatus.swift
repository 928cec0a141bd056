/// The guest's report when its work ends, as a few lines of text.
///
/// The host uses nothing else from the guest except the layer's tar.
package struct GuestStatus: Equatable, Sendable {
    /// How the last step ended.
    package enum Result: Equatable, Sendable {
        /// With an exit status of 0…255.
        case exited(Int32)
        /// By a signal.
        case signaled(Int32)
        /// The script could not be started; the value is errno.
        case notStarted(Int32)
        /// The guest itself failed; the value is the reason.
        case failed(String)
    }

    /// How the last step ended.
    package var result: Result
    /// The key of the last step; empty before the first.
    package var key = ""
    /// True if the kernel killed processes of the step because memory was exhausted.
    package var isOutOfMemory = false
    /// True if the step was killed because it exceeded its limit on processes.
    package var isOutOfProcesses = false
    /// The smallest free space on the layer's disk while scripts ran, in bytes.
    package var leastRoom: UInt64 = .max
    /// The size of the layer's tar in bytes; 0 if there is none.
    package var layerSize: UInt64 = 0

    /// Makes a status with a result and default values.
    package init(_ result: Result) {
        self.result = result
    }

    /// The last line, which shows that the lines before it are complete.
    private static let end = "end"

    /// The report as lines.
    package var lines: [String] {
        let resultText =
            switch result {
            case .exited(let status): "exited \(status)"
            case .signaled(let signal): "signaled \(signal)"
            case .notStarted(let error): "notStarted \(error)"
            case .failed(let cause):
                "failed \(cause.split(whereSeparator: \.isNewline).joined(separator: "; "))"
            }
        return [
            resultText, "key \(key)", "outOfMemory \(isOutOfMemory)",
            "outOfProcesses \(isOutOfProcesses)",
            "leastRoom \(leastRoom)", "layerSize \(layerSize)", Self.end,
        ]
    }

    /// Parses a report.
    ///
    /// - Throws: `GuestProtocolError` unless the lines are those of `lines`, in the same order.
    package init(_ lines: [String]) throws(GuestProtocolError) {
        guard lines.count == 7, lines[6] == Self.end else {
            throw GuestProtocolError("the status has \(lines.count) lines and is not complete")
        }
        result = try Self.result(lines[0])
        key = try Self.value(lines[1], of: "key") { $0 }
        isOutOfMemory = try Self.value(lines[2], of: "outOfMemory") { Bool($0) }
        isOutOfProcesses = try Self.value(lines[3], of: "outOfProcesses") { Bool($0) }
        leastRoom = try Self.value(lines[4], of: "leastRoom") { UInt64($0) }
        layerSize = try Self.value(lines[5], of: "layerSize") { UInt64($0) }
    }

    private static func result(_ line: String) throws(GuestProtocolError) -> Result {
        let kind = line.prefix { $0 != " " }
        let value = String(line.dropFirst(kind.count + 1))
        switch (kind, Int32(value)) {
        case ("exited", let status?): return .exited(status)
        case ("signaled", let signal?): return .signaled(signal)
        case ("notStarted", let error?): return .notStarted(error)
        case ("failed", _): return .failed(value)
        default: throw GuestProtocolError("the status begins with '\(line.prefix(100))'")
        }
    }

    private static func value<Value>(
        _ line: String, of key: String, _ read: (String) -> Value?
    ) throws(GuestProtocolError) -> Value {
        guard line.hasPrefix(key + " "), let value = read(String(line.dropFirst(key.utf8.count + 1)))
        else {
            throw GuestProtocolError("the status has '\(line.prefix(100))' in place of \(key)")
        }
        return value
    }
}
