import GuestProtocol

/// How far a guest is on its way to its first line, and when it last showed that it gets on.
///
/// A guest may be slow, on a busy machine or under nested virtualization. So its deadline counts from its last sign of
/// life, a line on the console, and gets longer with what it has shown.
struct BootProgress: Sendable {
    /// What a guest has shown on its console.
    enum Stage: Sendable, Equatable {
        /// Nothing.
        case silent
        /// A line of the firmware, or of the kernel's setup code, which runs in real mode.
        case firmware
        /// A line of the kernel. Under KVM's PVM flavor stock kernels do not come so far.
        case kernel
        /// The guest program's first line.
        case booted
    }

    /// The kernel's first line, at every loglevel from 6: `linux_banner` in `init/version.c` of Linux.
    private static let kernelBanner = "Linux version "

    /// The last stage.
    private(set) var stage = Stage.silent
    private let start: SuspendingClock.Instant
    /// The time of the last sign of life; after the boot, the time at which the guest had booted.
    private(set) var lastSign: SuspendingClock.Instant

    /// - Parameter start: the time at which the guest started.
    init(start: SuspendingClock.Instant) {
        self.start = start
        lastSign = start
    }

    /// Handles a line of the console.
    mutating func read(_ line: String, at time: SuspendingClock.Instant) {
        guard stage != .booted else { return }
        lastSign = time
        if line.contains(GuestDevice.hello) {
            stage = .booted
        } else if line.contains(Self.kernelBanner) {
            stage = .kernel
        } else if stage == .silent {
            stage = .firmware
        }
    }

    /// The time at which the guest counts as dead; nil if it has booted.
    func deadline(_ timeouts: BootTimeouts) -> SuspendingClock.Instant? {
        timeouts.timeout(after: stage).map { min(lastSign + $0, start + timeouts.total) }
    }

    /// Whether a guest whose deadline is over has shown no sign of life; else it only writes, and does not boot.
    func isSilent(_ timeouts: BootTimeouts, at time: SuspendingClock.Instant) -> Bool {
        timeouts.timeout(after: stage).map { lastSign + $0 <= time } ?? false
    }
}

/// The longest times without a sign of life of a guest that has not booted.
struct BootTimeouts: Sendable {
    private let silent: Duration
    private let firmware: Duration
    private let kernel: Duration

    private init(silent: Duration, firmware: Duration, kernel: Duration) {
        self.silent = silent
        self.firmware = firmware
        self.kernel = kernel
    }

    /// The timeouts for an accelerator.
    ///
    /// Under a KVM that works the firmware and the kernel write within tenths of a second; in a virtual machine that is
    /// itself emulated by a busy machine they were seen to take 4 and 8 seconds, and the kernel 28 seconds between two
    /// lines. TCG never fails by itself, so there waiting costs nothing.
    ///
    /// - Parameter limit: the time for all stages; nil: the default of each.
    init(_ accelerator: Accelerator, limit: Duration?) {
        switch (limit, accelerator) {
        case (let limit?, _): self.init(silent: limit, firmware: limit, kernel: limit)
        case (nil, .tcg): self.init(silent: .seconds(60), firmware: .seconds(120), kernel: .seconds(120))
        case (nil, _): self.init(silent: .seconds(10), firmware: .seconds(20), kernel: .seconds(60))
        }
    }

    /// The longest time until a guest has booted, whatever it writes: a kernel that hangs may say so without end.
    var total: Duration { kernel * 10 }

    /// The timeout after a stage; nil if the guest has booted.
    func timeout(after stage: BootProgress.Stage) -> Duration? {
        switch stage {
        case .silent: silent
        case .firmware: firmware
        case .kernel: kernel
        case .booted: nil
        }
    }
}
