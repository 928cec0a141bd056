import ArgumentParser
import DockerTools

/// `dockertools shadow-setup`
struct ShadowSetupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shadow-setup",
        abstract: "Print the shell text that stands for ${shadowSetup} in a script.",
        discussion: """
            It puts the tools of shadow on PATH and makes the files that groupadd, useradd and chown need, where they are \
            not there: /etc/passwd, /etc/shadow, /etc/group, /etc/gshadow, /etc/pam.d/other and /etc/login.defs.

            Example:
              docker run --name base debian sh -c "$(dockertools shadow-setup); useradd -r redis"
            """)

    func run() throws {
        try Console.write(ShadowSetup.text)
    }
}
