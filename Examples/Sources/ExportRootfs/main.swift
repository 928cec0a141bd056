// Exports the root file system of an image as one tar: ExportRootfs IMAGE TAR
import DockerTools

let source = try ImageSource(parsing: CommandLine.arguments[1])
let result = try await DockerTools().export(source, to: CommandLine.arguments[2])
print("\(result.output): \(result.size) bytes")
