import Failures
import Glibc
import SystemPackage

/// The program that is PID 1 in the virtual machine.
public enum GuestProgram {
    private static let name = "dockertools-guest"

    /// Finds it beside this program, or in ../libexec/dockertools.
    ///
    /// - Parameter folder: where this program lies.
    /// - Throws: `Failure` with code `unavailable` if it is in neither place.
    public static func find(beside folder: FilePath) throws -> FilePath {
        let places = [
            folder.appending(name),
            folder.removingLastComponent().appending("libexec/dockertools").appending(name),
        ]
        let found = places.first { $0.withPlatformString { access($0, R_OK) } == 0 }
        guard let found else {
            throw Failure(
                .unavailable, "cannot find \(name), which runs in the virtual machine",
                why: "it is neither \(places[0]) nor \(places[1])",
                advice: "install the whole program: make install, or make build where it was built")
        }
        return found
    }
}
