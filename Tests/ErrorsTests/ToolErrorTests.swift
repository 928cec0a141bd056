import Errors
import SystemPackage
import Testing

@Suite("Structured error")
struct ToolErrorTests {
    @Test("The text has the message, the cause and the remedy on lines of their own")
    func formatsLines() {
        let error = ToolError(.data, "cannot read 'a'", cause: "it is empty", remedy: "write it again")
        #expect(error.description == "error: cannot read 'a'\n  why: it is empty\n  fix: write it again")
    }

    @Test("Further lines of a cause are indented")
    func indentsCauses() {
        let error = ToolError(.script, "it failed", cause: "first\nsecond", remedy: "correct it")
        #expect(error.description == "error: it failed\n  why: first\n       second\n  fix: correct it")
    }

    @Test("text(naming:) names settings with the given function, description with the library's names")
    func namesSettings() {
        let error = ToolError(.usage, "no output", cause: "none is set", remedy: "set \(Setting.output)")
        #expect(error.text(naming: { "--\($0.rawValue)" }).hasSuffix("fix: set --output"))
        #expect(error.description.hasSuffix("fix: set output"))
    }

    @Test("Errors are equal if the code, message, cause and remedy are equal")
    func comparesMembers() {
        let error = ToolError(.io, "message", cause: "cause", remedy: "remedy")
        #expect(error == ToolError(.io, "message", cause: "cause", remedy: "remedy"))
        #expect(error != ToolError(.data, "message", cause: "cause", remedy: "remedy"))
        #expect(error != ToolError(.io, "message", cause: "cause", remedy: "another"))
    }

    @Test(
        "Frequent system errors have a remedy of their own",
        arguments: [
            (Errno.noSpace, "free some space, or write to another disk"),
            (.diskQuotaExceeded, "free some space, or write to another disk"),
            (.permissionDenied, "check the permissions, or run as a user that has them"),
            (.notPermitted, "check the permissions, or run as a user that has them"),
            (.readOnlyFileSystem, "choose a directory that can be written to"),
            (.noSuchFileOrDirectory, "check that the path is right and still there"),
            (.brokenPipe, "keep the reading end of the pipe open until the program ends"),
            (.tooManyOpenFiles, "raise the limit on open files (ulimit -n)"),
            (.ioError, "check the path and its file system"),
        ])
    func hasErrnoRemedies(_ error: Errno, _ remedy: String) {
        let failure = ToolError.io("cannot write 'a'", error)
        #expect(failure.code == .io)
        #expect(failure.message == "cannot write 'a'")
        #expect(failure.cause == "\(error) (errno \(error.rawValue))")
        #expect(failure.remedy == Remedy(remedy))
    }

    @Test("A given remedy replaces the remedy of the system error")
    func prefersGivenRemedy() {
        #expect(ToolError.io("cannot write", .noSpace, remedy: "set TMPDIR").remedy == "set TMPDIR")
    }
}
