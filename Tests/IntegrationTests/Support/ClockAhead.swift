import Foundation
import TestSupport

/// A clock for the program under test by which the files that a test has just written are old enough for their digests to
/// be cached.
enum ClockAhead {
    /// Holds the compiled library for as long as the tests run.
    private static let library = Result {
        let directory = try TemporaryDirectory()
        let path = directory.path("clock-ahead.so")
        try Program.output([
            "cc", "-shared", "-fPIC", "-o", path, "\(Dockertools.checkout)/Fixtures/clock-ahead.c", "-ldl",
        ])
        return (directory, path)
    }

    /// The variables for the environment of the program.
    static var environment: [String: String] {
        get throws { ["LD_PRELOAD": try library.get().1] }
    }
}
