import Compression
import Errors
import Testing

@testable import DockerTools

@Suite("The form of an output")
struct OutputFormTests {
    /// The form of the image of a spec, and the warnings.
    private func form(
        _ path: String?, format: ArchiveFormat? = nil, compressor: Compressor? = nil, spec: Compressor? = nil,
        isBuilt: Bool = true
    ) throws -> (OutputForm, warnings: [String]) {
        var image = ImageSpec(name: "x")
        image.compressor = spec
        let log = WarningLog()
        let form = try OutputForm.choose(
            for: ImageDestination(path, format: format, compressor: compressor), isBuilt ? image : nil, log)
        return (form, log.warnings)
    }

    @Test(
        "is the one that the ending says",
        arguments: [
            (nil, .dockerArchive, .gz), ("-", .dockerArchive, .gz), ("image", .dockerArchive, .gz),
            ("x.tar", .dockerArchive, .none), ("x.TAR.GZ", .dockerArchive, .gz), ("x.tgz", .dockerArchive, .gz),
            ("d.oci/x.tar.zst", .dockerArchive, .zstd), ("x.oci", .ociLayout, .gz), ("x.oci/", .ociLayout, .gz),
        ] as [(String?, ArchiveFormat, Compressor)])
    func endings(path: String?, format: ArchiveFormat, compressor: Compressor) throws {
        let (form, warnings) = try form(path)
        #expect(form.format == format)
        #expect(form.compressor == compressor)
        #expect(warnings.isEmpty)
    }

    @Test("is not compressed for other images if the ending says nothing")
    func otherImages() throws {
        #expect(try form("image", isBuilt: false).0.compressor == .none)
        #expect(try form("image.tar.gz", isBuilt: false).0.compressor == .gz)
    }

    @Test("is what the destination states, then what the spec states, then what the ending says; a warning says so")
    func precedence() throws {
        let bySpec = try form("x.tar.gz", spec: .zstd)
        #expect(bySpec.0.compressor == .zstd)
        #expect(
            bySpec.warnings == [
                "'x.tar.gz' does not hold what its ending says: it is a docker-archive compressed by zstd"
            ])
        let byDestination = try form("x.tar.zst", compressor: Compressor.none, spec: .gz)
        #expect(byDestination.0.compressor == .none)
        #expect(byDestination.warnings.count == 1)
        #expect(try form("x.tar.zst", spec: .zstd).warnings.isEmpty)
        #expect(try form("x.oci", format: .dockerArchive).warnings.count == 1)
        #expect(try form("x.tar", format: .ociLayout).warnings.count == 1)
        let layers = try form("x.tar.zst", format: .ociArchive)
        #expect(layers.0.compressor == .zstd)
        #expect(layers.warnings.count == 1)
        #expect(try form("x.tar", format: .ociArchive).0.compressor == .gz)
        #expect(try form("x.tar", format: .ociArchive).warnings.isEmpty)
    }

    @Test("cannot be one that is not written", arguments: ["x.tar.xz", "x.tar.bz2", "x.zip", "x.squashfs"])
    func foreign(path: String) throws {
        let error = try #require(throws: ToolError.self) { try form(path) }
        #expect(error.code == .usage)
        #expect(error.message == "cannot write '\(path)'")
    }

    @Test("is stated by a scheme, which a format must not contradict")
    func schemes() throws {
        #expect(try ImageDestination(parsing: "docker-archive:x.tar") == .dockerArchive("x.tar"))
        #expect(try ImageDestination(parsing: "oci-archive:a:b.tar", format: .ociArchive) == .ociArchive("a:b.tar"))
        #expect(try ImageDestination(parsing: "x.tar") == ImageDestination("x.tar"))
        for text in ["oci:x", "docker://x", "docker-daemon:x"] {
            #expect(throws: ToolError.self) { try ImageDestination(parsing: text) }
        }
        let error = try #require(throws: ToolError.self) {
            try ImageDestination(parsing: "oci-archive:x", format: .ociLayout)
        }
        #expect(error.code == .usage)
        #expect(error.cause == "its scheme contradicts the format oci-layout")
    }
}
