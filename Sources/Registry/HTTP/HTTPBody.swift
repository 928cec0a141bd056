import Dispatch
import NIOCore
import Tar

/// The body of an answer as it comes from the server, which sends no faster than it is read.
///
/// A server that drips counts as one that is silent: within the patience that it is given it has to bring some bytes.
final class HTTPBody: ByteSource {
    private let exchange: HTTPExchange
    private var part = ByteBuffer()
    /// Bytes that came since the server last showed that it is alive.
    private var count = 0
    /// Nanoseconds that were waited since.
    private var waited: UInt64 = 0

    init(_ exchange: HTTPExchange) {
        self.exchange = exchange
    }

    deinit { exchange.abandon() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while part.readableBytes == 0 {
            guard let next = try next() else { return 0 }
            part = next
        }
        return part.readWithUnsafeReadableBytes { bytes in
            let count = min(bytes.count, buffer.count)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
    }

    /// The clock runs only while this waits: a slow reader is not the server's fault.
    private func next() throws -> ByteBuffer? {
        let now = DispatchTime.now()
        do {
            let next = try exchange.nextPart(by: now + exchange.patience - Double(waited) / 1e9)
            count += next?.readableBytes ?? 0
            waited += DispatchTime.now().uptimeNanoseconds - now.uptimeNanoseconds
            if count >= HTTPSettings.leastBytes { (count, waited) = (0, 0) }
            return next
        } catch {
            exchange.abandon()
            throw error
        }
    }
}
