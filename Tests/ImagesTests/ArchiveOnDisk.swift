import ByteIO
import Images
import OCI
import SystemPackage
import TestSupport

/// An archive of images in a temporary directory.
struct ArchiveOnDisk {
    let directory: TemporaryDirectory

    init(_ bytes: [UInt8]) throws {
        directory = try TemporaryDirectory()
        try directory.write(bytes, to: "a.tar")
    }

    func open() throws -> ImageArchive { try directory.openArchive("a.tar") }
}

extension TemporaryDirectory {
    /// Settings for reading archives in the directory: for amd64, with layers.
    var reading: ReadingContext {
        ReadingContext(
            spool: SpoolDirectory(FilePath(path)), cache: nil, keepsLayers: true,
            platform: Platform(architecture: "amd64")
        )
    }

    /// Reads an archive or a layout in the directory.
    func openArchive(_ name: String) throws -> ImageArchive { try ImageArchive.open(FilePath(path(name)), reading) }
}
