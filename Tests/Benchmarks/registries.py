"""Measures pulling an image of 1 GB from a registry."""

import os
import re
import shutil
import subprocess
import tempfile
import time


class Registry:
    """A registry on this machine that only the benchmark uses, without TLS."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="bench-registry-", dir="/var/tmp")
        configuration = os.path.join(self.directory, "config.yml")
        with open(configuration, "w") as handle:
            handle.write("version: 0.1\nlog: {accesslog: {disabled: true}}\nhttp: {addr: 127.0.0.1:0}\n"
                         f"storage: {{filesystem: {{rootdirectory: {self.directory}/data}}}}\n")
        log = os.path.join(self.directory, "log")
        with open(log, "wb") as handle:
            self.process = subprocess.Popen(["docker-registry", "serve", configuration], stdout=handle, stderr=handle)
        port = None
        while not port:
            if self.process.poll() is not None:
                raise SystemExit(f"docker-registry ended: see {log}")
            time.sleep(0.1)
            with open(log) as handle:
                port = re.search(r"listening on 127\.0\.0\.1:(\d+)", handle.read())
        self.name = "127.0.0.1:" + port.group(1)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class RegistryMeasures:
    def __init__(self, bench, measure):
        self.bench, self.measure = bench, measure
        self.output, self.peer_output = (os.path.join(bench.work, name) for name in ("pulled.tar", "copied.tar"))

    def run(self):
        registry = Registry()
        try:
            self.image = f"{registry.name}/bench:1"
            spec = self.bench.make_spec("registry", self.bench.small_roots(1_000_000_000))
            subprocess.run([self.bench.program, "layered", spec, "--quiet", "--compressor", "none", "-o", self.output],
                           check=True, stdout=subprocess.DEVNULL)
            # With layers compressed as other tools compress them.
            subprocess.run(["skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false",
                            f"docker-archive:{self.output}", f"docker://{self.image}"], check=True)
            self.run_pull()
        finally:
            registry.stop()

    def pull(self, environment=None):
        if os.path.exists(self.output):
            os.unlink(self.output)
        return self.measure([self.bench.program, "pull", self.image, "--quiet", "-o", self.output],
                            environment or self.bench.cold())

    def copy(self):
        if os.path.exists(self.peer_output):
            os.unlink(self.peer_output)
        return self.measure(["skopeo", "copy", "--quiet", "--insecure-policy", "--src-tls-verify=false",
                             f"docker://{self.image}", f"docker-archive:{self.peer_output}:{self.image}"])

    def run_pull(self):
        cold, peer = self.bench.in_turn(self.bench.runs, self.pull, self.copy)
        self.bench.compare("pull of 1 GB, nothing cached : skopeo copy", cold, peer, 1 / 2)
        subprocess.run(["cmp", self.output, self.peer_output], check=True)
        warm = self.bench.cold()
        self.pull(warm)
        ours, peer = self.bench.in_turn(self.bench.runs, lambda: self.pull(warm), self.copy)
        self.bench.compare("pull of 1 GB, blobs cached : skopeo copy", ours, peer, 1 / 2)
        self.bench.check_memory("pull of 1 GB, resident memory", self.pull().memory / 2**20)
