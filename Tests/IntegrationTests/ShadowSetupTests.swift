import TestSupport
import Testing

@Suite("shadow-setup")
struct ShadowSetupTests {
    private let docker: DockerDaemon
    private let image: String
    private let text: String

    init() throws {
        let bench = try Workbench()
        docker = try DockerDaemon.shared
        image = try bench.loaded(
            "{\"name\": \"shadow\", \"contents\": \"\(bench.store["busybox"])\"}", into: docker
        ).reference
        text = try Dockertools.run(["shadow-setup"]).text
    }

    private func run(_ before: String = "", _ after: String) throws -> String {
        try docker.runImage(image, ["/bin/sh", "-euc", before + "\n" + text + "\n" + after])
    }

    @Test("The script creates the files that groupadd and useradd need")
    func makes() throws {
        let files = "/etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/pam.d/other /etc/login.defs"
        #expect(
            try run("", "for file in \(files); do echo \"$file:\"; cat $file; done") == """
                /etc/passwd:
                root:x:0:0::/root:/bin/sh
                /etc/shadow:
                root:!x:::::::
                /etc/group:
                root:x:0:
                /etc/gshadow:
                root:x::
                /etc/pam.d/other:
                account sufficient pam_unix.so
                auth sufficient pam_rootok.so
                password requisite pam_unix.so nullok
                session required pam_unix.so
                /etc/login.defs:

                """)
        #expect(
            try run("", "stat -c '%a %n' /etc/passwd /etc/shadow /etc/group /etc/gshadow") == """
                644 /etc/passwd
                640 /etc/shadow
                644 /etc/group
                640 /etc/gshadow

                """)
        let path = try run("", "echo $PATH").dropLast().split(separator: ":")
        #expect(path.contains("/usr/sbin") && path.contains("/bin"))
    }

    @Test("The script does not change existing files")
    func keeps() throws {
        let names = ["passwd", "shadow", "group", "gshadow", "pam.d/other", "login.defs"]
        let before = "mkdir -p /etc/pam.d; for name in \(names.joined(separator: " ")); do echo mine > /etc/$name; done"
        let after = "cat " + names.map { "/etc/\($0)" }.joined(separator: " ")
        #expect(try run(before, after) == String(repeating: "mine\n", count: names.count))
        // A second run does not change them either.
        #expect(try run(text, "wc -l < /etc/passwd") == "1\n")
    }
}
