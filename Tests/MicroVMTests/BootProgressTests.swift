import Testing

@testable import MicroVM

@Suite("The progress of a guest's boot")
struct BootProgressTests {
    private let start = SuspendingClock.now
    private let hello = "dockertools-guest: hello"
    private let banner = "[    0.000000] Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)\r"

    /// The seconds from the start to the deadline after lines, each with the second at which it comes.
    private func deadline(
        _ lines: [(second: Int, text: String)], _ accelerator: Accelerator = .kvm, limit: Int? = nil
    ) -> Duration? {
        var progress = BootProgress(start: start)
        for line in lines { progress.read(line.text, at: start + .seconds(line.second)) }
        let timeouts = BootTimeouts(accelerator, limit: limit.map { .seconds($0) })
        return progress.deadline(timeouts).map { $0 - start }
    }

    @Test("has a short deadline as long as the guest is silent")
    func silent() {
        #expect(deadline([]) == .seconds(10))
        #expect(deadline([], .tcg) == .seconds(60))
    }

    @Test("has a deadline that counts from the last sign of life, and is longer once the kernel runs")
    func signs() {
        let firmware = [(4, "SeaBIOS (version 1.16.2)"), (5, "Probing EDD (edd=off to disable)... ok")]
        #expect(deadline(firmware) == .seconds(25))
        #expect(deadline(firmware + [(12, banner)]) == .seconds(72))
        #expect(deadline(firmware + [(12, banner), (50, "[    2.1] audit: type=2000")]) == .seconds(110))
        #expect(deadline([(3, banner)], .tcg) == .seconds(123))
    }

    @Test("has a last deadline for a guest that only writes")
    func endless() {
        let lines = (0..<100).map {
            (10 * $0, "[    0.0] Linux version, or rcu: INFO: rcu_preempt self-detected stall")
        }
        #expect(deadline(lines) == .seconds(600))
        #expect(deadline(lines, limit: 20) == .seconds(200))
    }

    @Test("has the given limit at each stage")
    func limit() {
        #expect(deadline([], limit: 7) == .seconds(7))
        #expect(deadline([(2, "SeaBIOS"), (3, banner)], limit: 7) == .seconds(10))
    }

    @Test("has no deadline once the guest has booted, whatever else it writes")
    func booted() {
        #expect(deadline([(1, banner), (2, hello)]) == nil)
        #expect(deadline([(2, "\(hello)\r"), (3, banner), (4, "more")]) == nil)
    }
}
