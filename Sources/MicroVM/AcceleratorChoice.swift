import Failures

/// Runs a guest with the accelerator that is asked for, or with the best one that comes to something.
struct AcceleratorChoice {
    private static let slowly = "the script runs without KVM, several times slower"

    private let wanted: Accelerator
    private let notes: KVMNotes

    init(_ wanted: Accelerator, notes: KVMNotes) {
        self.wanted = wanted
        self.notes = notes
    }

    /// - Parameters:
    ///   - warn: is told that it is TCG, and why.
    ///   - session: throws `GuestSilence` if the guest never spoke, so that nothing of its work has begun.
    /// - Throws: `Failure` with code `unavailable` if there is no KVM and nothing else will do, or the guest never speaks.
    func run<Result>(warn: (String) -> Void, _ session: (Accelerator) async throws -> Result) async throws -> Result {
        do {
            guard wanted == .auto else {
                if wanted == .kvm { try KVM.check() }
                return try await session(wanted)
            }
            if let result = try await runWithKVM(warn: warn, session) { return result }
            return try await session(.tcg)
        } catch let silence as GuestSilence {
            throw silence.failure
        }
    }

    /// - Returns: nil if KVM comes to nothing here.
    private func runWithKVM<Result>(
        warn: (String) -> Void, _ session: (Accelerator) async throws -> Result
    ) async throws -> Result? {
        guard !notes.isSilent else {
            warn("no guest starts under KVM on this machine, as was found out before: \(Self.slowly)")
            return nil
        }
        do {
            try KVM.check()
        } catch let failure as Failure {
            warn("\(failure.why): \(Self.slowly)")
            return nil
        }
        do {
            return try await session(.kvm)
        } catch let silence as GuestSilence {
            // One that ends by itself is told from one that waits within no time.
            if silence.isForWantOfTime { notes.note() }
            warn("\(silence.failure.why): \(Self.slowly)")
            return nil
        }
    }
}
