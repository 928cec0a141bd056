import Dispatch

/// The right to decompress with a large window. The windows of zstd and the dictionaries of xz are in memory, so one
/// stream at a time has one; others wait for it. Small windows need no right.
///
/// Nobody who holds the right may wait for another stream.
final class LargeWindow {
    /// The largest size in bytes of a window that needs no right: 8 MiB, the size of `xz -6` and of zstd up to level 19.
    static let threshold = 8 << 20

    private static let semaphore = DispatchSemaphore(value: 1)

    private init() {}

    /// Waits until no other stream has a large window. The right ends with the object.
    static func begin() -> LargeWindow {
        semaphore.wait()
        return LargeWindow()
    }

    deinit { Self.semaphore.signal() }
}
