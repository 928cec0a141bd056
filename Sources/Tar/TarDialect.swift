/// Whose tar is written, where writers differ.
public enum TarDialect: Sendable {
    /// Python's `tarfile` in PAX form: what headers have no room for is in PAX records, which say their character set too.
    case python
    /// The same, but long names are in entries of their own before the entry, as GNU tar has them: for readers that take PAX
    /// names for less than they are. Names that fit are written as they are, whatever their bytes.
    case gnuNames
    /// Go's `archive/tar`, as skopeo writes with it: the devices' numbers are zeros where there are none, the records of an
    /// entry are called after it, and nothing follows the two blocks at the end. For short names in ASCII.
    case go
}
