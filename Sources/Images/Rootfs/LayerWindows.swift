import ByteIO
import Tar

/// Reads the bodies of small files through a buffer for each layer. Files that follow one another in the output mostly
/// do so in their layer too, and then one system call reads many.
final class LayerWindows {
    /// The size of a window, and of the largest body that is read through it: 64 KiB, so that 128 layers take 8 MiB.
    private static let capacity = 64 * 1024

    private struct Window {
        let bytes = BlockBuffer(capacity: LayerWindows.capacity)
        /// The offset of the window in the layer.
        var start: UInt64 = 0
    }

    private let layers: [FileRange]
    private var windows: [Window?]

    init(_ layers: [FileRange]) {
        self.layers = layers
        windows = Array(repeating: nil, count: layers.count)
    }

    /// The body of a file.
    ///
    /// - Parameters:
    ///   - layer: the number of the layer, from 0.
    ///   - place: the offset of the body in the layer.
    func body(layer: Int, at place: UInt64) -> LayerBody {
        LayerBody(layers[layer], in: self, layer: layer, at: place)
    }

    /// Fills the start of `buffer` with the bytes at an offset of a layer.
    ///
    /// - Returns: the number of bytes; 0 only at the end of the layer.
    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer, layer: Int, at place: UInt64) throws -> Int {
        guard buffer.count < Self.capacity else { return try layers[layer].read(into: buffer, at: place) }
        var window = windows[layer] ?? Window()
        if place < window.start || place >= window.start + UInt64(window.bytes.filled) {
            window.bytes.clear()
            window.start = place
            window.bytes.advance(try layers[layer].read(into: window.bytes.room, at: place))
        }
        windows[layer] = window
        let held = window.bytes.bytes.dropFirst(Int(place - window.start)).prefix(buffer.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: held))
        return held.count
    }
}

/// The body of a file in a layer.
final class LayerBody: TarBody {
    private let range: FileRange
    private let windows: LayerWindows
    private let layer: Int
    /// The offset of the next byte in the layer.
    private var place: UInt64

    fileprivate init(_ range: FileRange, in windows: LayerWindows, layer: Int, at place: UInt64) {
        self.range = range
        self.windows = windows
        self.layer = layer
        self.place = place
    }

    var descriptor: Int32 { range.file.descriptor }

    var offset: UInt64? { range.offset + place }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try windows.read(into: buffer, layer: layer, at: place)
        place += UInt64(count)
        return count
    }
}
