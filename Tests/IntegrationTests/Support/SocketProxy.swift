import Foundation
import Glibc
import TestSupport

/// Forwards connections to a daemon's socket: counts the bytes sent, terminates TLS, or closes the connection.
final class SocketProxy {
    /// The address that it listens on, in Docker's form.
    let host: String
    private let directory: TemporaryDirectory
    private let process = Process()

    /// - Parameters:
    ///   - socket: the daemon's address: `unix:///…`.
    ///   - limit: the number of sent bytes after which it closes the connection.
    ///   - certificates: a directory with `server.pem`, `server.key` and `ca.pem`; with it, the proxy listens on TCP and
    ///     requires a client certificate of that CA.
    init(to socket: String, limit: Int? = nil, certificates: String? = nil) throws {
        directory = try TemporaryDirectory()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", Self.script, String(socket.trimmingPrefix("unix://")), directory.path,
            "\(limit ?? -1)", certificates ?? "",
        ]
        try process.run()
        let ready = directory.path("ready")
        for _ in 0..<600 where !FileManager.default.fileExists(atPath: ready) { usleep(10_000) }
        host = String(decoding: try directory.read("ready"), as: UTF8.self)
    }

    deinit {
        // Child processes inherit the signal mask of a test's thread, so SIGTERM may be blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The number of bytes sent to the daemon so far.
    var sent: Int {
        get throws { try Int(String(decoding: directory.read("sent"), as: UTF8.self)) ?? 0 }
    }

    private static let script = """
        import os, socket, ssl, sys, threading
        target, directory, limit, certificates = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
        context, total, lock = None, 0, threading.Lock()

        def note(name, text):
            with open(directory + "/." + name, "w") as handle: handle.write(text)
            os.rename(directory + "/." + name, directory + "/" + name)

        def pump(source, sink, counts):
            global total
            try:
                while data := source.recv(65536):
                    if counts:
                        with lock:
                            total += len(data)
                            note("sent", str(total))
                        if 0 <= limit < total: break
                    sink.sendall(data)
            except OSError: pass
            for end in (source, sink):
                try: end.shutdown(socket.SHUT_RDWR)
                except OSError: pass

        def serve(client):
            try:
                if context: client = context.wrap_socket(client, server_side=True)
            except OSError: return
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(target)
            threading.Thread(target=pump, args=(client, daemon, True), daemon=True).start()
            pump(daemon, client, False)

        note("sent", "0")
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates + "/server.pem", certificates + "/server.key")
            context.load_verify_locations(certificates + "/ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
            server = socket.create_server(("127.0.0.1", 0))
            host = "tcp://127.0.0.1:%d" % server.getsockname()[1]
        else:
            server = socket.socket(socket.AF_UNIX)
            server.bind(directory + "/socket")
            server.listen(16)
            host = "unix://" + directory + "/socket"
        note("ready", host)
        while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
        """
}
