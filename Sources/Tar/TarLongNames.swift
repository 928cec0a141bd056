/// How names are written that the header has no room for.
public enum TarLongNames: Sendable {
    /// In PAX records, which say their character set too.
    case pax
    /// In entries of their own before the entry, as GNU tar does: for readers that take PAX names for less than they are.
    /// Names that fit are written as they are, whatever their bytes.
    case gnu
}
