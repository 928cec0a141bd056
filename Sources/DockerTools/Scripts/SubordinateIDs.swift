import ByteIO
import Errors
import Glibc
import Processes
import SystemPackage

/// The IDs that this user may map in user namespaces, besides its own (subuid(5)).
enum SubordinateIDs {
    /// The commands that map this user to root of a user namespace, and its first range of subordinate IDs to the IDs from 1.
    /// Their second argument is replaced by the ID of a process.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the user has no range, or a program is missing.
    static func mapCommands(programPath: String) throws -> [[String]] {
        try [(Tool.newuidmap, "/etc/subuid", geteuid()), (.newgidmap, "/etc/subgid", getegid())].map { tool, file, id in
            guard let path = tool.file(programPath) else {
                throw ToolError(
                    .unavailable, "cannot map IDs in a user namespace",
                    cause: "the program \(tool.name) is not in PATH", remedy: tool.remedy)
            }
            guard let range = range((try? SmallFile.text(FilePath(file))) ?? "") else {
                throw ToolError(
                    .unavailable, "cannot map IDs in a user namespace", cause: "\(file) has no range of this user",
                    remedy: "give the user a range in \(file)")
            }
            return [path.string, "", "0", "\(id)", "1", "1", range.start, range.count]
        }
    }

    /// The first range of this user: lines have the form `user:start:count`, with a name or a number.
    private static func range(_ text: String) -> (start: String, count: String)? {
        let names = [getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) }, "\(geteuid())"]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":").map(String.init)
            if fields.count == 3, names.contains(fields[0]) { return (fields[1], fields[2]) }
        }
        return nil
    }
}
