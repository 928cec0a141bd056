"""A SOCKS 5 proxy (RFC 1928) without users: socks_proxy.py DIRECTORY PORT

It connects to 127.0.0.1:PORT for any requested host, and prints its own port on 127.0.0.1. DIRECTORY/asked gets one line
per request: the requested host and port.
"""

import select
import signal
import socket
import socketserver
import struct
import sys

directory, port = sys.argv[1], int(sys.argv[2])


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        version, count = self.rfile.read(2)
        self.rfile.read(count)
        self.connection.sendall(b"\x05\x00")
        version, command, _, kind = self.rfile.read(4)
        if kind == 3:
            host = self.rfile.read(self.rfile.read(1)[0]).decode()
        else:
            host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, self.rfile.read(4 if kind == 1 else 16))
        (asked,) = struct.unpack(">H", self.rfile.read(2))
        with open(f"{directory}/asked", "a") as log:
            log.write(f"{host}:{asked}\n")
        other = socket.create_connection(("127.0.0.1", port))
        self.connection.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        ends = {self.connection: other, other: self.connection}
        while True:
            for end in select.select(list(ends), [], [])[0]:
                data = end.recv(1 << 16)
                if not data:
                    other.close()
                    return
                ends[end].sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
# Threads of the tests block signals, and child processes inherit the mask: SIGTERM must end this one.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
print(f"listening on socks5://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
