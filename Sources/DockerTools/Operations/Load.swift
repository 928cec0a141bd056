import ByteIO
import DockerEngine
public import Errors
import Images
package import JSON
import OCI

extension DockerTools {
    /// Loads an image that was built into a Docker daemon. Layers that the daemon has are not sent, and no archive is stored.
    ///
    /// - Parameter host: the address of the daemon; nil: the one that Docker's own settings name.
    /// - Throws: `ToolError` with code `unavailable` if there is no daemon, or the daemon refuses the image. The daemon takes
    ///   either the whole image or nothing.
    @discardableResult
    public func load(_ image: BuiltImage, host: String? = nil) async throws -> LoadResult {
        try await run { try DaemonLoad.connect(to: host, context).load(image) }
    }

    /// Loads an image, or the image of a spec, into a Docker daemon. Layers that the daemon has are not sent, and no archive is
    /// stored.
    ///
    /// - Parameter host: the address of the daemon; nil: the one that Docker's own settings name.
    /// - Throws: `ToolError` with code `unavailable` if there is no daemon, or the daemon refuses the image. The daemon takes
    ///   either the whole image or nothing.
    @discardableResult
    public func load(_ source: ImageSource, host: String? = nil) async throws -> LoadResult {
        try await run {
            let opened = try OpenedSource.open(source, context, overriding: ["name", "tag", "config"])
            let daemon = try DaemonLoad.connect(to: host, context)
            return try daemon.load(try await opened.image())
        }
    }

    /// Loads an image, or the image of a spec, into several Docker daemons side by side. It is built once. The failure of one
    /// daemon does not stop the others.
    ///
    /// - Parameter hosts: the addresses of the daemons.
    /// - Returns: the result or the error of each daemon, in their order.
    /// - Throws: `ToolError` for an image that cannot be read or built, and for an invalid address.
    public func load(_ source: ImageSource, hosts: [String]) async throws -> [HostLoad] {
        try await run {
            let addresses = try hosts.map { try DockerHost.find($0, environment: context.environment) }
            let opened = try OpenedSource.open(source, context, overriding: ["name", "tag", "config"])
            let connected = try Self.sideBySide(addresses) { [context] address in
                HostOutcome(address.name) { try DaemonLoad.connect(to: address, context, isOneOfSeveral: true) }
            }
            // The image is built only if a daemon is there to take it.
            guard connected.contains(where: { $0.value != nil }) else {
                return connected.map { HostLoad(host: $0.host, result: nil, error: $0.error) }
            }
            let image = try await opened.image()
            return try Self.sideBySide(connected) { host in
                guard let daemon = host.value else { return HostLoad(host: host.host, result: nil, error: host.error) }
                let outcome = HostOutcome(host.host) { try daemon.load(image) }
                return HostLoad(host: host.host, result: outcome.value, error: outcome.error)
            }
        }
    }

    /// Works on all jobs at the same time, each on a thread of its own.
    private static func sideBySide<Job: Sendable, Outcome: Sendable>(
        _ jobs: [Job], _ work: @escaping @Sendable (Job) -> Outcome
    ) throws -> [Outcome] {
        let threads = OrderedThreadPool<Job, Outcome>(width: jobs.count) { work($0) }
        defer { threads.finish() }
        for job in jobs { threads.submit(job) }
        var outcomes: [Outcome] = []
        while let outcome = try threads.next() { outcomes.append(outcome) }
        return outcomes
    }
}

/// What came of a step with one of several daemons: a value or an error.
private struct HostOutcome<Value: Sendable>: Sendable {
    let host: String
    let value: Value?
    let error: ToolError?

    init(_ host: String, _ work: () throws -> Value) {
        self.host = host
        do {
            (value, error) = (try work(), nil)
        } catch let failure as ToolError {
            (value, error) = (nil, failure)
        } catch {
            value = nil
            self.error = ToolError(
                .io, "cannot load the image into the Docker daemon at \(host)", cause: "\(error)",
                remedy: "report this as a bug")
        }
    }
}

/// The result of loading an image into one of several daemons.
public struct HostLoad: Sendable {
    /// The address of the daemon.
    public let host: String
    /// The result; nil if the load failed.
    public let result: LoadResult?
    /// The reason why the load failed; nil if it succeeded.
    public let error: ToolError?

    /// The object of `LoadResult`, or `{output, error: {code, message, cause, fix}}`.
    ///
    /// - Parameter name: how a setting is called: a command line writes a flag's name.
    package func json(naming name: (Setting) -> String) -> JSONValue {
        if let result { return result.json }
        guard let error else { return ["output": .string(host)] }
        return [
            "output": .string(host),
            "error": [
                "code": .string(error.code.rawValue), "message": .string(error.message), "cause": .string(error.cause),
                "fix": .string(error.remedy.text(naming: name)),
            ],
        ]
    }
}

/// The result of loading an image into a daemon.
public struct LoadResult: Sendable {
    /// A number of layers, and their size in bytes.
    struct Part: Sendable {
        let layers: Int
        let bytes: UInt64

        var json: JSONValue { ["layers": .int(Int64(layers)), "bytes": .int(Int64(clamping: bytes))] }
    }

    let image: ImageSummary
    /// The ID of the image in the daemon: Docker's image store with containerd identifies an image by its manifest.
    let daemonImageID: Digest
    /// The address of the daemon.
    let daemon: String
    /// The layers that were sent, and the size of the archive that contained them.
    let sent: Part
    /// The layers that the daemon had.
    let spared: Part

    /// A line with the image's name, or its ID if it has no name.
    public var text: String { (image.names.first.map { "\($0)".onOneLine } ?? "\(daemonImageID)") + "\n" }

    /// The object of `ImageResult.json`, with the daemon's address as `output` and the number of bytes sent as `size`, and in
    /// addition `sent: {layers, bytes}`, `spared: {layers, bytes}` and `daemonImageID`.
    package var json: JSONValue {
        let common = ImageResult(images: [image], output: daemon, size: sent.bytes).json.object ?? [:]
        let added = ["sent": sent.json, "spared": spared.json, "daemonImageID": .string("\(daemonImageID)")]
        return .object(common.merging(added) { $1 })
    }
}
