import ByteIO
import Foundation
import Glibc
import Images
import SystemPackage
import TestSupport

extension TemporaryDirectory {
    /// Reads an archive in the directory through a FIFO.
    func openThroughPipe(_ name: String) throws -> ImageArchive {
        let pipe = path("\(name).fifo")
        guard mkfifo(pipe, 0o600) == 0 else { throw Errno(rawValue: errno) }
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: "/bin/sh")
        writer.arguments = ["-c", "exec cat \"$1\" > \"$2\"", "sh", path(name), pipe]
        try writer.run()
        defer { writer.waitUntilExit() }
        return try ImageArchive.open(FilePath(pipe), reading)
    }
}

extension ImageArchive {
    /// The uncompressed bytes of all layers of an image.
    func layerBytes(_ index: Int = 0) throws -> [[UInt8]] {
        try images[index].layers.map { layer in
            let sink = MemorySink()
            try layer.open().write(to: sink)
            return sink.bytes
        }
    }
}
