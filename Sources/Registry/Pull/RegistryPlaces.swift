import Errors
import Synchronization

/// A repository that an image is read from: its own, or the one of a mirror.
package struct RegistryPlace: Sendable {
    /// The repository: `library/redis`.
    package let repository: String
    /// The client of the registry.
    package let client: RegistryClient

    /// - Parameters:
    ///   - repository: the repository.
    ///   - client: the client of the registry.
    package init(_ repository: String, _ client: RegistryClient) {
        self.repository = repository
        self.client = client
    }

    /// The repository with its registry.
    var name: String { "\(client.registry)/\(repository)" }
}

/// The repositories that have the same images: the mirrors in their order, then the image's own.
///
/// What is read by its digest is the same everywhere. A mirror that failed once is not used again.
package final class RegistryPlaces: Sendable {
    private let mirrors: [RegistryPlace]
    private let own: RegistryPlace
    private let report: @Sendable (String) -> Void
    private let failures: Mutex<[(mirror: Int, cause: String)]> = Mutex([])

    /// - Parameters:
    ///   - mirrors: the mirrors in their order.
    ///   - own: the image's own repository.
    ///   - report: receives a note on each mirror that fails.
    package init(
        mirrors: [RegistryPlace] = [], own: RegistryPlace, report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.mirrors = mirrors
        self.own = own
        self.report = report
    }

    /// Reads from the first place that does not fail.
    ///
    /// - Throws: the error of the image's own registry, with the causes of the mirrors.
    package func first<Result>(_ read: (RegistryPlace) throws -> Result) throws -> Result {
        for (number, mirror) in mirrors.enumerated() where !hasFailed(number) {
            do {
                return try read(mirror)
            } catch let error as ToolError where error.code != .io && error.code != .usage {
                fail(number, error)
            }
        }
        do {
            return try read(own)
        } catch var error as ToolError {
            for cause in failures.withLock({ $0.map(\.cause) }) { error.cause += "\n\(cause)" }
            throw error
        }
    }

    private func hasFailed(_ mirror: Int) -> Bool {
        failures.withLock { $0.contains { $0.mirror == mirror } }
    }

    private func fail(_ number: Int, _ error: ToolError) {
        let cause = "the mirror \(mirrors[number].name) failed: \(error.cause)"
        let isNew = failures.withLock { failures in
            guard !failures.contains(where: { $0.mirror == number }) else { return false }
            failures.append((number, cause))
            return true
        }
        if isNew { report(cause) }
    }

    /// The error for invalid data of the image.
    func damaged(_ cause: String) -> ToolError { own.client.damaged(cause) }
}
