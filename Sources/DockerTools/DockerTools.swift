import Images

/// Builds, converts, moves and checks container images, without a Docker daemon.
///
///     let tools = DockerTools()
///     var spec = ImageSpec(name: "app")
///     spec.contents = ["/nix/store/…-app"]
///     let image = try await tools.layered(spec)
///     try await tools.write(image, to: .dockerArchive("app.tar.gz"))
///     try await tools.push(image, to: "registry.example/app:1")
///
/// Every function throws `ToolError`. After an error there is no partial output.
public struct DockerTools: Sendable {
    /// The surroundings of all operations.
    public var context: Context

    /// Creates the tools.
    ///
    /// - Parameter context: the surroundings of all operations; by default, those of this process.
    public init(context: Context = .process) {
        self.context = context
    }

    /// Runs an operation on threads that may block, and ends the progress report when it is done.
    func run<Result>(_ operation: () async throws -> Result) async throws -> Result {
        defer { context.reporter.finish() }
        return try await withTaskExecutorPreference(BlockingExecutor.shared, operation: operation)
    }

    /// Writes a text to a file; an error leaves the old file.
    ///
    /// - Throws: `ToolError` with code `io`.
    package func write(text: String, to path: String) async throws {
        try await run { try OutputFile.write(text, to: path, context) }
    }
}
