@testable import Registry
import SystemPackage
import Testing

@Suite("The places of credentials")
struct CredentialFileLocationTests {
    private func paths(_ environment: [String: String], authFile: FilePath? = nil) -> [String] {
        CredentialFileLocation.all(authFile: authFile, environment: environment, currentDirectory: "/work", user: 7)
            .map { ($0.isRequired ? "!" : "") + $0.path.string }
    }

    @Test("are podman's files, then docker's")
    func order() {
        #expect(
            paths(["HOME": "/home/ann"]) == [
                "/run/containers/7/auth.json", "/home/ann/.config/containers/auth.json",
                "/home/ann/.docker/config.json",
            ])
        #expect(
            paths([
                "HOME": "/home/ann", "XDG_RUNTIME_DIR": "/run/user/7", "XDG_CONFIG_HOME": "/c", "DOCKER_CONFIG": "/d",
            ])
                == ["/run/user/7/containers/auth.json", "/c/containers/auth.json", "/d/config.json"])
        #expect(paths(["DOCKER_CONFIG": "", "HOME": "", "XDG_RUNTIME_DIR": "run"]) == ["/run/containers/7/auth.json"])
    }

    @Test("are the one file that somebody names")
    func named() {
        let environment = ["HOME": "/home/ann", "REGISTRY_AUTH_FILE": "auth/file"]
        #expect(paths(environment) == ["/work/auth/file"])
        #expect(paths(environment, authFile: "mine.json") == ["!/work/mine.json"])
        #expect(paths(environment, authFile: "/mine.json") == ["!/mine.json"])
        #expect(paths(["REGISTRY_AUTH_FILE": ""]).count == 1)
    }
}
