/// The processors by the names that Go has for them (GOARCH), as the image specification asks.
enum HostArchitecture {
    /// Those that Go builds Linux programs for. Source: `go tool dist list`.
    static let known = [
        "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
        "riscv64", "s390x",
    ]

    /// What Nix and `uname` call them, and nixpkgs' `pullImage` is given at times.
    static let aliases = ["aarch64": "arm64", "x86_64": "amd64"]

    /// The name that Go has for the processor of a name or an alias.
    static func goName(of name: String) -> String { aliases[name] ?? name }

    /// This machine's.
    static var name: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #elseif arch(arm)
            "arm"
        #elseif arch(i386)
            "386"
        #elseif arch(riscv64)
            "riscv64"
        #elseif arch(powerpc64le)
            "ppc64le"
        #elseif arch(s390x)
            "s390x"
        #else
            #error("name this processor as Go does")
        #endif
    }
}
