import Archives
import CLinux
import Failures
import Glibc
import SystemPackage
import Tar

/// The files of a folder, an OCI layout above all. No link is followed, as a blob must not lead out of it.
final class FolderFiles: ImageFiles {
    let name: String
    private let folder: Int32

    /// - Throws: `Failure` with code `io` if it cannot be opened.
    init(_ path: FilePath) throws {
        name = "'\(path)'"
        folder = path.withPlatformString { clinux_open_place($0) }
        guard folder >= 0 else { throw Failure.io("cannot open the folder '\(path)'") }
    }

    deinit { close(folder) }

    func file(_ path: String) throws -> ImageFile? {
        let descriptor = clinux_open_beneath(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch Errno.current {
            case .noSuchFileOrDirectory, .notDirectory: return nil
            case Errno(rawValue: EXDEV): throw failure("\(TarName.quoted(path)) leads out of it")
            case .tooManySymbolicLinkLevels:
                throw failure("\(TarName.quoted(path)) is a link, or leads through one, which is not followed")
            case let error: throw Failure.io("cannot open '\(path)' in \(name)", error)
            }
        }
        let file = try OpenFile(owning: descriptor, name: "'\(path)' in \(name)")
        guard file.isRegular else { throw failure("\(TarName.quoted(path)) is no file") }
        return ImageFile(size: file.size, range: file.whole)
    }
}
