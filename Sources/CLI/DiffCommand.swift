import ArgumentParser
import DockerTools
import JSON

/// `dockertools diff`
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare the configs and the files of two images.",
        discussion: """
            Exits with 0 if they are equal and with 1 if not. The assignment of files to layers is not compared.

            Example:
              dockertools diff old.tar.gz new.tar.gz

            With --json it prints one object:
              {equal, config: [{key, a, b}], files: [{path, change, what, a, b}]}
            change is added, removed or changed; what is a list of type, mode, owner, size, content, link target, device, \
            mtime, xattrs and hard links; a and b are null or {type, mode, uid, gid, size, mtime, linkTarget, device, \
            xattrs}, the size in bytes, the mode in octal digits.
            """)

    @Argument(help: "An image, or a spec to build it from.", completion: .file())
    var a: String

    @Argument(help: "The image to compare it with, or a spec.", completion: .file())
    var b: String

    @Flag(help: "Print as JSON.")
    var json = false

    @OptionGroup var platform: PlatformOptions
    @OptionGroup(title: "Registries") var registries: RegistryOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    func validate() throws {
        try platform.check([a, b])
    }

    func run() async throws {
        let tools = try registries.tools(for: [a, b], platform, limits)
        let diff = try await tools.diff(ImageSource(parsing: a), ImageSource(parsing: b))
        try Console.write { json ? try diff.writeJSON($0) : try diff.writeText($0) }
        if !diff.isEqual { throw ExitCode(1) }
    }
}
