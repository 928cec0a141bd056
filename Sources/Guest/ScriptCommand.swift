import Glibc

/// How a script is run: by what its first line names, otherwise by the image's `/bin/sh -e`.
struct ScriptCommand {
    private let arguments: [String]
    private let environment: [String]

    init(_ path: String, text: [UInt8], environment: [String]) {
        arguments = text.starts(with: Array("#!".utf8)) ? [path] : ["/bin/sh", "-e", path]
        self.environment = environment
    }

    /// Turns this process into it.
    ///
    /// - Returns: the error's number, where that fails.
    func become() -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        var environment: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        arguments.append(nil)
        environment.append(nil)
        if let program = arguments.first ?? nil { execve(program, arguments, environment) }
        return errno
    }
}
