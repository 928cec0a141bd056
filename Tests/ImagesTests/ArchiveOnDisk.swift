import Archives
import Images
import SystemPackage
import TestSupport

/// An archive of images in a folder of its own.
struct ArchiveOnDisk {
    let folder: TemporaryFolder

    init(_ bytes: [UInt8]) throws {
        folder = try TemporaryFolder()
        try folder.write(bytes, to: "a.tar")
    }

    func open() throws -> ImageArchive { try folder.openArchive("a.tar") }
}

extension TemporaryFolder {
    /// How what lies in it is read: for amd64, and all of it.
    var reading: ReadingContext {
        ReadingContext(
            spool: SpoolFolder(FilePath(path)), cache: nil, keepsLayers: true, platform: Platform(architecture: "amd64")
        )
    }

    /// Reads an archive or a layout in it.
    func openArchive(_ name: String) throws -> ImageArchive { try ImageArchive.open(FilePath(path(name)), reading) }
}
