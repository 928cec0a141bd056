@testable import Registry
import Testing

@Suite("The key of a registry")
struct RegistryKeyTests {
    @Test("is looked for from the repository down to the host")
    func candidates() {
        #expect(
            RegistryKey(host: "127.0.0.1:5000", repository: "team/sub/image").candidates
                == [
                    "127.0.0.1:5000/team/sub/image", "127.0.0.1:5000/team/sub", "127.0.0.1:5000/team", "127.0.0.1:5000",
                ])
        #expect(RegistryKey(host: "ghcr.io").candidates == ["ghcr.io"])
    }

    @Test(
        "has one name for Docker Hub", arguments: ["docker.io", "index.docker.io", "registry-1.docker.io", "Docker.IO"])
    func dockerHub(host: String) {
        #expect(RegistryKey(host: host).host == "docker.io")
    }

    @Test(
        "stands in files in many ways",
        arguments: [
            ("https://index.docker.io/v1/", "docker.io"), ("index.docker.io", "docker.io"),
            ("docker.io/library/redis", "docker.io/library/redis"), ("https://ghcr.io", "ghcr.io"),
            ("https://ghcr.io/v2/", "ghcr.io"), ("http://127.0.0.1:5000/v1/", "127.0.0.1:5000"),
            ("ghcr.io/v2/", "ghcr.io"), ("ghcr.io/v1", "ghcr.io"), ("GHCR.io/team/", "ghcr.io/team"),
            ("HTTPS://ghcr.io/team", "ghcr.io"), ("quay.io/user/image", "quay.io/user/image"), ("", ""),
        ])
    func normalized(key: String, expected: String) {
        #expect(RegistryKey.normalized(key) == expected)
    }
}
