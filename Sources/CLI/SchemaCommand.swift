import ArgumentParser
import DockerTools

/// `dockertools schema`
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of specs.",
        discussion: """
            Draft 2020-12. Editors complete and check specs with it.

            Example:
              dockertools schema > dockertools.schema.json
            """)

    func run() throws {
        try Console.write(SpecSchema.value.pretty + "\n")
    }
}

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
