// Pushes an image to a registry, with progress on standard error: PushImage IMAGE NAME
import DockerTools

var tools = DockerTools()
tools.context.reporter = ConsoleReporter(isQuiet: false)
let source = try ImageSource(parsing: CommandLine.arguments[1])
let result = try await tools.push(source, to: CommandLine.arguments[2])
print(result.text)
