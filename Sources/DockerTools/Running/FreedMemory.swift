import CLinux

/// What becomes of buffers that are not needed any more.
public enum FreedMemory {
    /// glibc's own threshold at the start, in bytes.
    private static let threshold: Int32 = 128 * 1024

    /// Heaps for small blocks. By default it makes eight for each processor, each with gaps of its own.
    private static let heaps: Int32 = 2

    /// Has buffers go back to the system when they are freed. Left to itself, glibc keeps them once some have been freed,
    /// for each thread those that it made. To be called first of all.
    public static func giveBack() { clinux_limit_heaps(threshold, heaps) }
}
