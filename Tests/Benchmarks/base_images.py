"""Measures operations on an image of 2 GB: as a base, export and validate."""

import json
import os
import shutil
import subprocess
import tempfile
import time


class DockerDaemon:
    """A Docker daemon that only the benchmark uses."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="bench-docker-", dir="/var/tmp")
        self.host = f"unix://{self.directory}/socket"
        log = open(f"{self.directory}/log", "wb")
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", f"{self.directory}/data", "--exec-root", f"{self.directory}/exec", "--pidfile",
             f"{self.directory}/pid", "--host", self.host, "--storage-driver", "overlay2", "--iptables=false",
             "--bridge=none"], stdout=log, stderr=log)
        while subprocess.run(self.command("info"), capture_output=True).returncode != 0:
            if self.process.poll() is not None:
                raise SystemExit(f"dockerd ended: see {self.directory}/log")
            time.sleep(0.1)

    def command(self, *arguments):
        return ["docker", "--host", self.host, *arguments]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class BaseImageMeasures:
    def __init__(self, bench, measure):
        self.bench, self.measure = bench, measure
        self.image = os.path.join(bench.work, "base.tar")
        self.output = os.path.join(bench.work, "output.tar")
        subprocess.run([bench.program, "layered", bench.spec, "--quiet", "--compressor", "none", "-o", self.image],
                       check=True, stdout=subprocess.DEVNULL)

    def run(self):
        self.run_build()
        self.run_validate()
        self.run_export()

    def ours(self, *arguments, environment=None, **how):
        return self.measure([self.bench.program, *arguments, "--quiet"], environment or self.bench.cold(), **how)

    def run_build(self):
        spec, files = os.path.join(self.bench.work, "on-base.json"), os.path.join(self.bench.work, "files")
        os.mkdir(files)
        with open(os.path.join(files, "file"), "w") as handle:
            handle.write("new\n")
        with open(spec, "w") as handle:
            json.dump({"name": "on-base", "tag": "1", "fromImage": self.image, "contents": files,
                       "compressor": "none"}, handle)

        def build(environment=None):
            if os.path.exists(self.output):
                os.unlink(self.output)
            return self.measure([self.bench.program, "build", spec, "--quiet", "-o", self.output], environment)

        def copy():
            if os.path.exists(self.output):
                os.unlink(self.output)
            return self.measure(["cp", self.image, self.output])

        cold, peer = self.bench.in_turn(self.bench.runs, lambda: build(self.bench.cold()), copy)
        self.bench.compare("build on a base never seen before : cp of the base", cold, peer, 1.2)
        warm = self.bench.cold()
        build(warm)
        ours, peer = self.bench.in_turn(self.bench.runs, lambda: build(warm), copy)
        self.bench.compare("build on a base that was verified before : cp of the base", ours, peer, 1.2)
        os.unlink(self.output)

    def run_validate(self):
        ours, peer = self.bench.in_turn(
            self.bench.runs, lambda: self.measure([self.bench.program, "validate", self.image]),
            lambda: self.measure(["openssl", "dgst", "-sha256", self.image]))
        self.bench.compare("validate : openssl dgst -sha256 of the archive", ours, peer, 1.3)

    def run_export(self):
        docker = DockerDaemon()
        try:
            subprocess.run(docker.command("load", "--quiet", "--input", self.image), check=True,
                           stdout=subprocess.DEVNULL)
            subprocess.run(docker.command("create", "--name", "big", "bench:latest", "/none"), check=True,
                           stdout=subprocess.DEVNULL)
            ours, peer = self.bench.in_turn(
                3, lambda: self.ours("export", self.image, "-o", "-", pipe=True),
                lambda: self.measure(docker.command("export", "big"), pipe=True))
            self.bench.compare("export | cat, never seen before : docker export | cat", ours, peer, 1 / 5)
            warm = self.bench.cold()
            self.ours("export", self.image, "-o", "-", environment=warm, pipe=True)
            ours = self.ours("export", self.image, "-o", "-", environment=warm, pipe=True).seconds
            self.bench.compare("export | cat, layers verified before : docker export | cat", ours, peer, 1 / 5)
        finally:
            docker.stop()
        ours, peer = self.bench.in_turn(
            self.bench.runs, lambda: self.ours("export", self.image, "-o", "-", pipe=True), self.bench.tar)
        self.bench.compare("export | cat, never seen before : tar -cf - | cat", ours, peer, 1.5)
        warm = self.bench.cold()
        self.ours("export", self.image, "-o", "-", environment=warm, pipe=True)
        ours, peer = self.bench.in_turn(
            self.bench.runs, lambda: self.ours("export", self.image, "-o", "-", environment=warm, pipe=True),
            self.bench.tar)
        self.bench.compare("export | cat, layers verified before : tar -cf - | cat", ours, peer, 1.5)
        memory = self.ours("export", self.image, "-o", "-", pipe=True).memory / 2**20
        self.bench.check_memory("export, resident memory", memory)
