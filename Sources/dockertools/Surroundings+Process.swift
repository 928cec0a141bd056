import DockerTools
import Foundation
import Glibc
import SystemPackage

extension Surroundings {
    /// Those of this process.
    static var ofProcess: Surroundings {
        var surroundings = Surroundings(
            environment: ProcessInfo.processInfo.environment, currentDirectory: workingFolder)
        surroundings.programFolder = folderOfProgram
        return surroundings
    }

    /// The current folder, whose name need not be text; the root if it was removed.
    private static var workingFolder: FilePath {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return FilePath(platformString: path)
    }

    /// Where this program lies, links followed.
    private static var folderOfProgram: FilePath {
        guard let path = realpath("/proc/self/exe", nil) else { return "/usr/bin" }
        defer { free(path) }
        return FilePath(platformString: path).removingLastComponent()
    }
}
