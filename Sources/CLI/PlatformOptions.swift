public import ArgumentParser
import DockerTools
public import OCI

/// The option of all verbs that read images.
struct PlatformOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The platform to read of an image for several, such as linux/arm64 or linux/arm/v7 (default: this machine's).
            """, valueName: "os/arch[/variant]"))
    var platform: Platform?

    /// Requires that the platform is of use.
    ///
    /// - Parameters:
    ///   - images: the images of the command line.
    ///   - isSpec: whether they are specs, whatever their names are.
    /// - Throws: `ValidationError` if all images are specs, which are built for the platform that they state.
    func check(_ images: some Collection<String>, isSpec: Bool = false) throws {
        guard platform != nil, images.allSatisfy({ isSpec || SpecSource.isSpec($0) }) else { return }
        throw ValidationError(
            "--platform chooses from an image that exists, and a spec states its own: use --set architecture=arm64.")
    }
}

extension Platform: ExpressibleByArgument {
    /// Parses `os/arch` or `os/arch/variant`.
    public init?(argument: String) {
        self.init(argument)
    }
}
