import CLinux
import Glibc
package import SystemPackage

/// How this process was started: its arguments and its executable, whether /proc is mounted or not.
package enum ProcessStart {
    /// The arguments without the program's name.
    ///
    /// `CommandLine` reads them from /proc and has none where that is not mounted.
    package static var arguments: [String] {
        var count: Int32 = 0
        let values = UnsafeBufferPointer(start: clinux_arguments(&count), count: Int(count))
        return values.dropFirst().map { $0.map { String(cString: $0) } ?? "" }
    }

    /// The path of the executable, with links resolved; where /proc is not mounted, by the path that the program was
    /// started by. Nil if it cannot be found.
    package static var executable: FilePath? {
        let link = realpath("/proc/self/exe", nil) ?? clinux_program_path().flatMap { realpath($0, nil) }
        guard let path = link else { return nil }
        defer { free(path) }
        return FilePath(platformString: path)
    }
}
