/// Where programs lie that only the system's administrator has in PATH by default.
enum SystemPrograms {
    static func path(with programPath: String) -> String { programPath + ":/usr/local/sbin:/usr/sbin:/sbin" }
}
