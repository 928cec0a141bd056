"""An HTTP proxy that supports only CONNECT: connect_proxy.py DIRECTORY PORT [USER:PASSWORD]

It connects to 127.0.0.1:PORT for any requested host, and prints its own port on 127.0.0.1. DIRECTORY/asked gets one line
per request: its first line, and whether it was granted.
"""

import base64
import http.server
import select
import signal
import socket
import sys

directory, port = sys.argv[1], int(sys.argv[2])
wanted = "Basic " + base64.b64encode(sys.argv[3].encode()).decode() if len(sys.argv) > 3 else None


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        granted = wanted is None or self.headers.get("Proxy-Authorization") == wanted
        with open(f"{directory}/asked", "a") as log:
            log.write(f"{self.requestline} {'granted' if granted else 'refused'}\n")
        if not granted:
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        other = socket.create_connection(("127.0.0.1", port))
        self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        self.wfile.flush()
        ends = {self.connection: other, other: self.connection}
        while True:
            for end in select.select(list(ends), [], [])[0]:
                data = end.recv(1 << 16)
                if not data:
                    self.close_connection = True
                    other.close()
                    return
                ends[end].sendall(data)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
# Threads of the tests block signals, and child processes inherit the mask: SIGTERM must end this one.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
