import ByteIO
import CLinux
import Errors
import Glibc
package import SystemPackage

/// How programs are kept apart from this machine: all files are read-only except for some directories, and there is a
/// process namespace, whose processes all end with it.
package struct Isolation: Sendable {
    /// Directories that stay writable.
    package var writable: [FilePath]
    /// The directory that becomes `/tmp` and `/var/tmp`.
    package var temporary: FilePath
    /// Directories of this machine that stay visible, read-only, even if they lie below `/tmp` or `/var/tmp`.
    package var visible: [FilePath]
    /// Whether the programs reach this machine's network.
    package var hasNetwork: Bool
    /// The commands that map the IDs of a user namespace, in which the programs are root; empty for a namespace in which
    /// the caller keeps its IDs.
    package var mapCommands: [[String]] = []

    /// - Parameters:
    ///   - writable: directories that stay writable.
    ///   - temporary: becomes `/tmp` and `/var/tmp`.
    ///   - visible: directories that stay visible below `/tmp` and `/var/tmp`; those elsewhere are visible anyway.
    ///   - hasNetwork: whether the programs reach this machine's network.
    package init(writable: [FilePath], temporary: FilePath, visible: [FilePath], hasNetwork: Bool) {
        self.writable = writable
        self.temporary = temporary
        let covered: [FilePath] = ["/tmp", "/var/tmp", "/dev/shm"]
        self.visible = Set(visible.map { $0.lexicallyNormalized() }).sorted { $0.string < $1.string }.filter { path in
            var status = stat()
            return covered.contains { path != $0 && path.starts(with: $0) }
                && path.withPlatformString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
        self.hasNetwork = hasNetwork
    }
}

/// A program of a script, with everything that it gets from this program.
package struct IsolatedProgram: Sendable {
    /// The path of the executable.
    package var path: FilePath
    /// The arguments, the first of which is the program's name.
    package var arguments: [String]
    /// The environment, `NAME=value`; nothing else is inherited, and nothing here is interpreted.
    package var environment: [String]
    /// The working directory.
    package var directory: FilePath
    /// A directory that becomes `/` before the program starts; nil: that of this machine.
    package var root: FilePath?

    /// - Parameters:
    ///   - path: the path of the executable.
    ///   - arguments: the first is the program's name.
    ///   - environment: `NAME=value`.
    ///   - directory: the working directory.
    ///   - root: a directory that becomes `/`.
    package init(
        _ path: FilePath, arguments: [String], environment: [String], directory: FilePath, root: FilePath? = nil
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.root = root
    }
}

/// The reason why programs could not be started.
package struct SpawnError: Error {
    /// Whether this machine does not allow the isolation, so that the programs can only run without it.
    package let isIsolation: Bool
    /// The system's reason.
    package let reason: String
}

extension IsolatedProgram {
    /// Runs programs one after the other, up to the first that fails. Without isolation there is one program.
    ///
    /// The programs end with this process, however it ends.
    ///
    /// - Parameters:
    ///   - output: receives standard output and error of all.
    ///   - register: starts the programs by calling its argument, and registers the process group that it returns, in one
    ///     step for whoever ends registered groups. A negative group is none.
    /// - Throws: `SpawnError` if the first program cannot be started; `ToolError` if no thread can be started.
    /// - Returns: the group, whose remaining members have not ended yet, and how the last program ended.
    package static func run(
        _ programs: [IsolatedProgram], isolation: Isolation?, output: ScriptOutput,
        register: @escaping @Sendable (() -> Int32) -> Void
    ) async throws -> (group: Int32, status: ToolResult.Status) {
        try await withCheckedThrowingContinuation { continuation in
            do {
                // The kernel ends the programs together with the thread that started them.
                try BackgroundThread.start {
                    continuation.resume(
                        with: Result { try spawnAndWait(programs, isolation, output.writeEnd, register) })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private static func spawnAndWait(
        _ programs: [IsolatedProgram], _ isolation: Isolation?, _ output: Int32, _ register: (() -> pid_t) -> Void
    ) throws -> (pid_t, ToolResult.Status) {
        let texts = CStrings()
        let list = programs.map { texts.program($0) }
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(null) }
        var (step, number, group): (Int32, Int32, pid_t) = (0, 0, -1)
        register {
            if let isolation {
                var isolated = texts.isolation(isolation)
                group = clinux_spawn(list, Int32(list.count), null, output, output, &isolated, &step)
            } else {
                group = clinux_spawn(list, Int32(list.count), null, output, output, nil, &step)
            }
            number = errno
            return group
        }
        guard group > 0 else {
            throw SpawnError(
                isIsolation: isolation != nil && step != Int32(CLINUX_STEP_EXEC.rawValue),
                reason: Errno(rawValue: number).reason)
        }
        return (group, wait(for: group))
    }

    /// Waits until a child ends.
    private static func wait(for child: pid_t) -> ToolResult.Status {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        // wait(2): the lowest seven bits have the signal, the next byte has the status.
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signaled(status & 0x7f)
    }

    /// Runs the program to its end, with a socket as its standard input and output, in a session of its own: it has no
    /// terminal to ask for a password on.
    ///
    /// Blocks the calling thread. The program ends with this process, however that ends.
    ///
    /// - Parameters:
    ///   - socket: a connected socket, which is closed here once the program has it.
    ///   - errors: receives standard error.
    /// - Throws: `SpawnError` if the program cannot be started.
    /// - Returns: how the program ended.
    package func run(on socket: Int32, errors: ScriptOutput) throws -> ToolResult.Status {
        let texts = CStrings()
        let list = [texts.program(self, isSession: true)]
        var step: Int32 = 0
        let child = clinux_spawn(list, 1, socket, socket, errors.writeEnd, nil, &step)
        let number = errno
        close(socket)
        guard child > 0 else { throw SpawnError(isIsolation: false, reason: Errno(rawValue: number).reason) }
        return Self.wait(for: child)
    }
}

/// C strings and arrays of them that live as long as this object.
final class CStrings {
    private var strings: [UnsafeMutablePointer<CChar>?] = []
    private var arrays: [UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>] = []

    private var lists: [UnsafeMutableBufferPointer<UnsafePointer<UnsafeMutablePointer<CChar>?>?>] = []

    deinit {
        for string in strings { free(string) }
        for array in arrays { array.deallocate() }
        for list in lists { list.deallocate() }
    }

    /// - Parameter isSession: whether the program gets a session of its own.
    func program(_ program: IsolatedProgram, isSession: Bool = false) -> clinux_program {
        clinux_program(
            path: string(program.path.string), arguments: array(program.arguments),
            environment: array(program.environment), directory: string(program.directory.string),
            root: program.root.map { UnsafePointer(string($0.string)) } ?? nil, session: isSession ? 1 : 0)
    }

    func isolation(_ isolation: Isolation) -> clinux_isolation {
        clinux_isolation(
            writable: paths(isolation.writable), visible: paths(isolation.visible),
            temporary: string(isolation.temporary.string), network: isolation.hasNetwork ? 1 : 0,
            user_namespace: geteuid() == 0 ? 0 : 1,
            map_commands: commands(isolation.mapCommands))
    }

    private func commands(
        _ commands: [[String]]
    ) -> UnsafePointer<UnsafePointer<UnsafeMutablePointer<CChar>?>?>? {
        if commands.isEmpty { return nil }
        let list = UnsafeMutableBufferPointer<UnsafePointer<UnsafeMutablePointer<CChar>?>?>.allocate(
            capacity: commands.count + 1)
        _ = list.initialize(from: commands.map { array($0).map { UnsafePointer($0) } } + [nil])
        lists.append(list)
        return UnsafePointer(list.baseAddress)
    }

    private func string(_ text: String) -> UnsafeMutablePointer<CChar>? {
        strings.append(strdup(text))
        return strings[strings.count - 1]
    }

    private func array(_ texts: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        let array = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        _ = array.initialize(from: texts.map(string) + [nil])
        arrays.append(array)
        return array.baseAddress
    }

    private func paths(_ paths: [FilePath]) -> UnsafePointer<UnsafePointer<CChar>?>? {
        array(paths.map(\.string)).map {
            UnsafeRawPointer($0).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
        }
    }
}
