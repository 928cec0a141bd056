// Builds an image from a spec that is made in code: BuildFromCode DIRECTORY ARCHIVE
import DockerTools

let tools = DockerTools()
var spec = ImageSpec(name: "hello")
spec.contents = [ContentPath(CommandLine.arguments[1])]
spec.config.cmd = ["/bin/hello"]
let image = try await tools.layered(spec)
let result = try await tools.write(image, to: .dockerArchive(CommandLine.arguments[2]))
print("\(result.output): \(result.size) bytes")
