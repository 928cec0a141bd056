"""A token server for docker-registry, after the specification of Distribution's token authentication.

token_server.py DIRECTORY USER PASSWORD [REFRESH_TOKEN] [CERT KEY]: signs with DIRECTORY/token.key, whose certificate is
DIRECTORY/token.cert, and prints its port on 127.0.0.1. With a certificate it speaks TLS.

An unknown user gets no token; requests without a user get tokens for pulls from repositories below public/.
DIRECTORY/asked gets one line per request: METHOD, kind of authorization, scopes.
"""

import base64
import http.server
import json
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse

directory, user, password = sys.argv[1:4]
refresh_token = sys.argv[4] if len(sys.argv) > 4 else None


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def certificate():
    pem = open(f"{directory}/token.cert").read()
    return "".join(pem.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0].split())


def token(subject, access):
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate()]}
    claims = {"iss": "tests", "sub": subject, "aud": "tests registry", "exp": now + 300, "nbf": now - 10, "iat": now,
              "jti": str(now), "access": access}
    text = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"{directory}/token.key"], input=text.encode(),
                               stdout=subprocess.PIPE, check=True).stdout
    return f"{text}.{encode(signature)}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self, how, fields):
        with open(f"{directory}/asked", "a") as log:
            log.write(f"{self.command} {how} {' '.join(fields.get('scope', []))}\n")

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def grant(self, subject, fields, name):
        access = []
        for scope in " ".join(fields.get("scope", [])).split():
            kind, repository, actions = scope.split(":")
            allowed = [action for action in actions.split(",") if subject
                       or (action == "pull" and repository.startswith("public/"))]
            access.append({"type": kind, "name": repository, "actions": allowed})
        self.answer(200, {name: token(subject, access), "expires_in": 300})

    def do_GET(self):
        fields = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        header = self.headers.get("Authorization")
        if header is None:
            self.note("nobody", fields)
            self.grant("", fields, "token")
        elif header == "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode():
            self.note("user", fields)
            self.grant(user, fields, "token")
        else:
            self.note("stranger", fields)
            self.answer(401, {"details": "incorrect username or password"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = urllib.parse.parse_qs(body)
        if refresh_token and fields.get("grant_type") == ["refresh_token"] and fields.get(
                "refresh_token") == [refresh_token] and fields.get("service") == ["tests registry"]:
            self.note("refresh token", fields)
            self.grant(user, fields, "access_token")
        else:
            self.note("stranger", fields)
            self.answer(401, {"error": "invalid_grant"})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
scheme = "http"
if len(sys.argv) > 6:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[5], sys.argv[6])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https"
# Threads of the tests block signals, and child processes inherit the mask: SIGTERM must end this one.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
print(f"listening on {scheme}://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
