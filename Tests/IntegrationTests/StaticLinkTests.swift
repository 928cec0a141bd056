import TestSupport
import Testing

@Suite("Installed program")
struct StaticLinkTests {
    @Test("The program links the Swift libraries statically")
    func linksSwiftStatically() throws {
        let libraries = String(decoding: try Program.output(["ldd", Dockertools.path]), as: UTF8.self)
        #expect(libraries.contains("libcrypto.so"))
        #expect(!libraries.contains("libswift"))
        #expect(!libraries.contains("libFoundation"))
    }
}
