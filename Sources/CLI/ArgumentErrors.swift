import ArgumentParser
import ByteIO
import DockerTools
import Errors
import Foundation

/// Makes the errors of the argument parser errors of this program.
enum ArgumentErrors {
    /// Makes an error with three parts of an error of the parser.
    ///
    /// - Parameter arguments: the arguments of the program, without its name.
    static func toolError(_ error: any Error, _ arguments: [String]) -> ToolError {
        let verb = arguments.first { !$0.hasPrefix("-") } ?? ""
        let verbs = Program.configuration.subcommands.compactMap { $0.configuration.commandName }
        guard verbs.contains(verb) else {
            // Options of the program itself come before any verb.
            let isOption = arguments.first.map { $0.hasPrefix("-") } ?? true
            return isOption && verb.isEmpty ? invalid(error, "dockertools") : unknown(verb, among: verbs)
        }
        return invalid(error, "dockertools \(verb)")
    }

    private static func invalid(_ error: any Error, _ command: String) -> ToolError {
        var cause = Program.message(for: error)
        var advice = "correct the arguments"
        // The parser adds its advice as a second sentence.
        for beginning in [". Did you mean", ". Please provide"] {
            guard let sentence = cause.range(of: beginning) else { continue }
            advice = inSentence(cause[sentence.lowerBound...].dropFirst(2).split(whereSeparator: \.isNewline))
            cause.removeSubrange(sentence.lowerBound...)
            if advice.hasSuffix(".") { advice.removeLast() }
        }
        if cause.hasSuffix(".") { cause.removeLast() }
        return ToolError(
            .usage, "cannot run `\(command)`",
            cause: cause.isEmpty ? "its arguments are invalid" : inSentence([cause[...]]),
            remedy: "\(advice)\(advice.hasSuffix("?") ? "" : ";") `\(command) --help` describes all arguments")
    }

    /// Joins lines to a text that does not begin a sentence: "Missing argument", but not "'x' and an option" or "--keep".
    private static func inSentence(_ lines: [Substring]) -> String {
        let text = lines.map { $0.drop { $0 == " " } }.joined(separator: " ")
        guard let first = text.first, text.dropFirst().first?.isLowercase ?? false else { return text }
        return first.lowercased() + text.dropFirst()
    }

    private static func unknown(_ verb: String, among verbs: [String]) -> ToolError {
        let isSpec = SpecSource.isSpec(verb)
        let suggestion: Remedy =
            if isSpec {
                "put a verb before the spec, as in `dockertools build \(verb)`; "
            } else if let nearest = NearestKey.of(verb, among: verbs + ["help"]) {
                "did you mean \(nearest)? "
            } else {
                ""
            }
        return ToolError(
            .usage, "cannot run `dockertools \(verb)`", cause: isSpec ? "it has no verb" : "there is no verb '\(verb)'",
            remedy: "\(suggestion)`dockertools --help` lists all verbs")
    }

    /// Adds to an error about a path with `~` that the shell has not expanded it.
    ///
    /// - Parameter arguments: the arguments of the program, without its name.
    static func explainingTilde(_ error: ToolError, _ arguments: [String]) -> ToolError {
        let values = arguments.flatMap {
            [$0[...], $0.drop { $0 != "=" }.dropFirst(), $0.drop { $0 != ":" }.dropFirst()]
        }
        guard let path = values.first(where: { $0.hasPrefix("~/") || $0 == "~" }),
            error.message.contains(path) || error.cause.contains(path)
        else { return error }
        var error = error
        error.remedy = "\(error.remedy); the shell did not expand ~ in \(path): write $HOME\(path.dropFirst())"
        return error
    }
}
