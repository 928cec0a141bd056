"""Measures loading an image of 2 GB into a Docker daemon."""

import json
import os
import subprocess

from base_images import DockerDaemon


class LoadMeasures:
    """Compares our load with `docker load` of the same image, into one daemon with the same layers each time."""

    def __init__(self, bench, measure):
        self.bench, self.measure = bench, measure
        self.archive = os.path.join(bench.work, "load.tar")
        self.files = os.path.join(bench.work, "small")
        self.spec = os.path.join(bench.work, "load.json")
        self.count = 0
        os.mkdir(self.files)
        with open(bench.spec) as handle:
            spec = json.load(handle)
        with open(self.spec, "w") as handle:
            json.dump(dict(spec, name="load", contents=self.files), handle)
        # Earlier runs must not change which digests are cached.
        self.warm = bench.cold()

    def change(self):
        """Changes the small layer of the image, and writes its archive."""
        self.count += 1
        with open(os.path.join(self.files, "file"), "w") as handle:
            handle.write(f"{self.count}\n" * 1000)
        subprocess.run([self.bench.program, "layered", self.spec, "--quiet", "--compressor", "none", "-o", self.archive],
                       check=True, stdout=subprocess.DEVNULL, env=self.warm)

    def run(self):
        self.docker = DockerDaemon()
        try:
            self.change()
            self.run_full()
            self.run_changed()
        finally:
            self.docker.stop()

    def ours(self, source, environment):
        return self.measure([self.bench.program, "load", source, "--quiet", "--host", self.docker.host], environment)

    def peer(self):
        return self.measure(self.docker.command("load", "--quiet", "--input", self.archive))

    def empty(self, load):
        """The time of `load` into an empty daemon."""
        names = subprocess.run(self.docker.command("images", "--quiet"), check=True, capture_output=True).stdout.split()
        if names:
            subprocess.run([*self.docker.command("rmi", "--force"), *names], check=True, stdout=subprocess.DEVNULL)
        os.sync()
        return load()

    def run_full(self):
        runs = max(1, self.bench.runs // 2)
        archive, spec, peer = self.bench.in_turn(
            runs, lambda: self.empty(lambda: self.ours(self.archive, self.warm)),
            lambda: self.empty(lambda: self.ours(self.spec, self.bench.cold())), lambda: self.empty(self.peer))
        self.full = peer
        self.bench.compare("load of 2 GB, an archive : docker load of it", archive, peer, 1.0)
        self.bench.compare("load of 2 GB, a spec, nothing cached : docker load", spec, peer, 1.0)

    def run_changed(self):
        def changed(load):
            self.change()
            os.sync()
            return load()

        self.empty(self.peer)
        self.warm = self.bench.cold()
        ours, there = self.bench.in_turn(
            self.bench.runs, lambda: changed(lambda: self.ours(self.spec, self.warm)), lambda: changed(self.peer))
        self.bench.compare("one small layer of it changed : docker load", ours, self.full, 1 / 20)
        # docker load reads the whole archive, and unpacks no more than we send.
        self.bench.compare("the same : docker load where the others are there", ours, there, 1 / 4)
        memory = self.empty(lambda: self.ours(self.spec, self.warm)).memory / 2**20
        self.bench.check_memory("load of 2 GB, resident memory", memory)
