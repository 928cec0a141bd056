import Testing

@testable import OCI

@Suite("Platforms")
struct PlatformTests {
    @Test("are written as os/arch or os/arch/variant")
    func texts() {
        #expect(Platform("linux/arm64") == Platform(os: "linux", architecture: "arm64"))
        #expect(Platform("linux/arm/v7") == Platform(os: "linux", architecture: "arm", variant: "v7"))
        #expect(Platform("linux/x86_64") == Platform(os: "linux", architecture: "amd64"))
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/a b", "linux//v7"] {
            #expect(Platform(text) == nil)
        }
    }

    @Test(
        "serve where one with the same variant is wanted, or any",
        arguments: [
            ("linux/arm64", "linux/arm64/v8", true), ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm/v7", "linux/arm", true), ("linux/arm", "linux/arm/v7", true),
            ("linux/arm/v6", "linux/arm/v7", false), ("linux/amd64", "linux/amd64/v3", false),
            ("linux/amd64", "windows/amd64", false), ("linux/arm64", "linux/amd64", false),
        ])
    func serving(platform: String, wanted: String, serves: Bool) throws {
        #expect(try #require(Platform(platform)).serves(try #require(Platform(wanted))) == serves)
    }
}
