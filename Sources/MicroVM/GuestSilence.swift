import Failures

/// The guest never said a word: whatever it was to do has not begun.
struct GuestSilence: Error {
    let failure: Failure
    /// Whether QEMU ran on, and the guest did not.
    let isForWantOfTime: Bool
}
