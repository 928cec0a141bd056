import ArgumentParser
import DockerTools

/// Which image is pulled, and what it is called then: what `pull` and `prefetch` have in common.
struct PullOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The operating system to pull for (default: linux).", valueName: "name"))
    var os: String?

    @Option(
        help: ArgumentHelp(
            """
            The processor to pull for, by Go's name (default: amd64, whatever this machine is; of prefetch this machine's).
            """, valueName: "name"))
    var arch: String?

    @Option(
        help: ArgumentHelp("The name in the archive (default: the image's own).", valueName: "name"))
    var finalImageName: String?

    @Option(help: ArgumentHelp("The tag in the archive (default: the image's own, else latest).", valueName: "tag"))
    var finalImageTag: String?

    var choices: PullChoices {
        var choices = PullChoices()
        (choices.os, choices.arch) = (os, arch)
        (choices.finalImageName, choices.finalImageTag) = (finalImageName, finalImageTag)
        return choices
    }
}
