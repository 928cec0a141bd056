import Foundation
import TestSupport

/// Tars that Python's tarfile writes, by the same entries as ours.
enum PythonTar {
    /// An entry as the script below takes it; names as hexadecimal digits, for they are bytes.
    struct Entry: Codable, Sendable {
        var path: String
        var type = "0"
        var mode: UInt16 = 0o644
        var link = ""
        var major: UInt32 = 0
        var minor: UInt32 = 0
        /// The body; one of a size without a body has only its header written.
        var body = Data()
        var size: UInt64?
    }

    struct Archive: Codable {
        var format = "PAX"
        var uid: UInt64 = 0
        var gid: UInt64 = 0
        var uname = "root"
        var gname = "root"
        var mtime: Double = 1
        /// Whether to leave out the end and write headers alone.
        var headersOnly = false
        var entries: [Entry]
    }

    static func write(_ archive: Archive) throws -> [UInt8] {
        try Program.python(script, input: [UInt8](JSONEncoder().encode(archive)))
    }

    private static let script = """
        import base64, io, json, os, sys, tarfile
        spec = json.load(sys.stdin)
        format = {"PAX": tarfile.PAX_FORMAT, "GNU": tarfile.GNU_FORMAT, "USTAR": tarfile.USTAR_FORMAT}[spec["format"]]
        out = io.BytesIO()
        tar = tarfile.open(fileobj=out, mode="w", format=format, encoding="utf-8", errors="surrogateescape")
        headers = b""
        for e in spec["entries"]:
            info = tarfile.TarInfo(os.fsdecode(bytes.fromhex(e["path"])))
            info.type = e["type"].encode()
            info.linkname = os.fsdecode(bytes.fromhex(e["link"]))
            info.mode, info.devmajor, info.devminor = e["mode"], e["major"], e["minor"]
            info.uid, info.gid, info.uname, info.gname = spec["uid"], spec["gid"], spec["uname"], spec["gname"]
            info.mtime = int(spec["mtime"]) if spec["mtime"] == int(spec["mtime"]) else spec["mtime"]
            body = base64.b64decode(e["body"])
            info.size = e.get("size", len(body))
            if spec["headersOnly"]:
                headers += info.tobuf(format, "utf-8", "surrogateescape")
            else:
                tar.addfile(info, io.BytesIO(body))
        tar.close()
        sys.stdout.buffer.write(headers if spec["headersOnly"] else out.getvalue())
        """
}

extension PythonTar.Entry {
    static func file(_ path: [UInt8], _ body: [UInt8] = []) -> PythonTar.Entry {
        PythonTar.Entry(path: hex(path), body: Data(body))
    }

    static func directory(_ path: [UInt8]) -> PythonTar.Entry {
        PythonTar.Entry(path: hex(path), type: "5", mode: 0o755)
    }

    static func link(_ path: [UInt8], to target: [UInt8]) -> PythonTar.Entry {
        PythonTar.Entry(path: hex(path), type: "2", mode: 0o777, link: hex(target))
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }
}
