import SystemPackage

/// An error as a person reads it: what failed and where, why, and what to do about it.
public struct Failure: Error, Equatable, Sendable {
    /// What failed, and where.
    public var what: String
    /// Why it failed.
    public var why: String
    /// What the reader can do about it.
    public var advice: String
    /// The status the program ends with.
    public var code: ExitCode

    public init(_ code: ExitCode, _ what: String, why: String, advice: String) {
        self.code = code
        self.what = what
        self.why = why
        self.advice = advice
    }

    /// An input or output error of the system.
    ///
    /// - Parameter error: the error number, by default that of the call just made.
    public static func io(_ what: String, _ error: Errno = .current, advice: String? = nil) -> Failure {
        Failure(.io, what, why: error.reason, advice: advice ?? error.advice)
    }
}

extension Failure: CustomStringConvertible {
    /// The three parts as they go to standard error: a line each, but that several reasons stand one below the other.
    public var description: String {
        """
        error: \(what)
          why: \(why.replacing("\n", with: "\n       "))
          fix: \(advice)
        """
    }
}
