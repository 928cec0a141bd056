import DockerTools
import Foundation
import SystemPackage

extension Surroundings {
    /// Those of this process.
    static var ofProcess: Surroundings {
        Surroundings(
            environment: ProcessInfo.processInfo.environment,
            currentDirectory: FilePath(FileManager.default.currentDirectoryPath))
    }
}
