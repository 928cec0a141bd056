import OCI
import Testing

@Suite("Image names")
struct ImageNameTests {
    @Test(
        "A name has a full form with its registry, and a familiar form without Docker's own",
        arguments: [
            ("redis:7", "docker.io/library/redis:7", "redis:7"),
            ("team/app:1", "docker.io/team/app:1", "team/app:1"),
            ("docker.io/redis:7", "docker.io/library/redis:7", "redis:7"),
            ("index.docker.io/redis:7", "docker.io/library/redis:7", "redis:7"),
            ("index.docker.io/team/app:7", "docker.io/team/app:7", "team/app:7"),
            ("localhost/app:1", "localhost/app:1", "localhost/app:1"),
            ("host:5000/app:1", "host:5000/app:1", "host:5000/app:1"),
            ("quay.io/app:1", "quay.io/app:1", "quay.io/app:1"),
            ("redis", "docker.io/library/redis", "redis"),
        ])
    func forms(written: String, full: String, familiar: String) {
        #expect(ImageName(written).full.description == full)
        #expect(ImageName(written).familiar.description == familiar)
        #expect(ImageName(written).full.full.description == full)
    }
}
