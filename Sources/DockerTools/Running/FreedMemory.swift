import CLinux

/// What becomes of buffers that are not needed any more.
public enum FreedMemory {
    /// glibc's own threshold at the start, in bytes.
    private static let threshold: Int32 = 128 * 1024

    /// Has buffers go back to the system when they are freed. Left to itself, glibc keeps them once some have been freed,
    /// for each thread those that it made. To be called first of all.
    public static func giveBack() { clinux_give_back_blocks(threshold) }
}
