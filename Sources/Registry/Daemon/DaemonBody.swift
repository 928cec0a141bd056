import Tar

/// The body of a daemon's answer, whose errors are those of the program.
final class DaemonBody: ByteSource {
    private let body: any ByteSource
    private let failure: (HTTPError) -> any Error

    init(_ body: any ByteSource, _ failure: @escaping (HTTPError) -> any Error) {
        self.body = body
        self.failure = failure
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do {
            return try body.read(into: buffer)
        } catch let error as HTTPError {
            throw failure(error)
        }
    }
}
