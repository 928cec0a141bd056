import Glibc

extension timespec {
    /// Nanoseconds since 1970.
    public var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}
