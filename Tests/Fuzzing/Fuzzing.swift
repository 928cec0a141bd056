import Errors
import Glibc

/// libFuzzer's own main function, for programs that have another (`FuzzerDriver.cpp` of LLVM's compiler-rt).
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Fuzzes one target.
///
/// usage: Fuzzing TARGET [libFuzzer's arguments: FLAG… DIRECTORY…]
@main
enum Fuzzing {
    /// Set once, before the fuzzer runs.
    nonisolated(unsafe) private static var target = FuzzTarget.tar

    static func main() {
        guard CommandLine.argc > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
            say("usage: Fuzzing \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [FLAG…] [DIRECTORY…]")
            exit(64)
        }
        Self.target = target
        // libFuzzer skips the first argument, the program's name; here that is the target.
        var count = CommandLine.argc - 1
        var arguments = CommandLine.unsafeArgv + 1
        exit(runFuzzer(&count, &arguments) { Fuzzing.test(UnsafeRawBufferPointer(start: $0, count: $1)) })
    }

    private static func test(_ bytes: UnsafeRawBufferPointer) -> CInt {
        do {
            try target.run(bytes)
        } catch let failure as ToolError where failure.code == .data {
            // The expected error.
        } catch {
            say("a find: \(error)")
            abort()
        }
        return 0
    }

    private static func say(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
