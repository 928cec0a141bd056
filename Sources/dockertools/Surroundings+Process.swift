import DockerTools
import Foundation
import Glibc
import SystemPackage

extension Surroundings {
    /// Those of this process.
    static var ofProcess: Surroundings {
        Surroundings(environment: ProcessInfo.processInfo.environment, currentDirectory: workingFolder)
    }

    /// The current folder, whose name need not be text; the root if it was removed.
    private static var workingFolder: FilePath {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return FilePath(platformString: path)
    }
}
