import ByteIO
import Errors
import Tar

/// Reads the bodies of small files through a window into each layer: files that follow one another in the output mostly
/// do so in their layer too, and then one call reads many.
final class LayerWindows {
    /// Bytes of a window: as many as the largest body that is read through it. 128 layers have 8 MiB of them.
    private static let capacity = 64 * 1024

    private struct Window {
        let bytes = BlockBuffer(capacity: LayerWindows.capacity)
        /// Where in the layer it begins.
        var start: UInt64 = 0
    }

    private let layers: [FileRange]
    private var windows: [Window?]

    init(_ layers: [FileRange]) {
        self.layers = layers
        windows = Array(repeating: nil, count: layers.count)
    }

    /// - Parameters:
    ///   - layer: the number of the layer, from 0 on.
    ///   - place: where in the layer the body begins.
    func body(layer: Int, at place: UInt64) -> LayerBody {
        LayerBody(layers[layer], in: self, layer: layer, at: place)
    }

    /// Fills the start of `buffer` with what lies at `place` of a layer.
    ///
    /// - Returns: how many bytes came; 0 only at the end of the layer.
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
    /// Where in the layer the next byte lies.
    private var place: UInt64

    fileprivate init(_ range: FileRange, in windows: LayerWindows, layer: Int, at place: UInt64) {
        self.range = range
        self.windows = windows
        self.layer = layer
        self.place = place
    }

    var descriptor: Int32 { range.file.descriptor }

    var offset: UInt64? { range.offset + place }

    /// The error for a body that ends before its end: the layer was whole when its entries were read.
    var shortened: ToolError { range.file.shortened }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try windows.read(into: buffer, layer: layer, at: place)
        place += UInt64(count)
        return count
    }
}
