import ArgumentParser
import DockerTools
import JSON

/// `dockertools schema`
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of specs.",
        discussion: """
            The schema is a draft 2020-12 schema. Editors complete and check specs with it.

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
        abstract: "Print the shell commands that replace ${shadowSetup} in a script.",
        discussion: """
            The commands add the tools of shadow to PATH and create the files that groupadd, useradd and chown need, unless \
            they exist: /etc/passwd, /etc/shadow, /etc/group, /etc/gshadow, /etc/pam.d/other and /etc/login.defs.

            Example:
              docker run --name base debian sh -c "$(dockertools shadow-setup); useradd -r redis"
            """)

    func run() throws {
        try Console.write(ShadowSetup.text)
    }
}
