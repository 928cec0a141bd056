import ByteIO
import Images
import OCI
import SystemPackage
import TestSupport

/// An archive of images in a directory of its own.
struct ArchiveOnDisk {
    let directory: TemporaryDirectory

    init(_ bytes: [UInt8]) throws {
        directory = try TemporaryDirectory()
        try directory.write(bytes, to: "a.tar")
    }

    func open() throws -> ImageArchive { try directory.openArchive("a.tar") }
}

extension TemporaryDirectory {
    /// How what lies in it is read: for amd64, and all of it.
    var reading: ReadingContext {
        ReadingContext(
            spool: SpoolDirectory(FilePath(path)), cache: nil, keepsLayers: true,
            platform: Platform(architecture: "amd64")
        )
    }

    /// Reads an archive or a layout in it.
    func openArchive(_ name: String) throws -> ImageArchive { try ImageArchive.open(FilePath(path(name)), reading) }
}
