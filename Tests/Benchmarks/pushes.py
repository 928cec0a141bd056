"""Measures pushing an image of 2 GB to a registry, from machines with an empty cache and with a full one."""

import hashlib
import json
import os
import subprocess

from registries import Registry


class PushMeasures:
    def __init__(self, bench, measure):
        self.bench, self.measure = bench, measure
        self.archive = os.path.join(bench.work, "pushed.tar.gz")
        self.changes = 0

    def run(self):
        self.registry = Registry()
        try:
            self.run_first()
            self.run_second()
            self.run_changed()
        finally:
            self.registry.stop()

    def push(self, repository, spec=None, environment=None):
        return self.measure(
            [self.bench.program, "push", spec or self.bench.spec, f"{self.registry.name}/{repository}:1", "--quiet"],
            environment or self.bench.cold())

    def push_first(self):
        self.changes += 1
        return self.push(f"first-{self.changes}")

    def layered(self):
        if os.path.exists(self.archive):
            os.unlink(self.archive)
        return self.measure([self.bench.program, "layered", self.bench.spec, "--quiet", "-o", self.archive],
                            self.bench.cold())

    def run_first(self):
        ours, peer = self.bench.in_turn(max(1, self.bench.runs // 2), self.push_first, self.layered)
        self.bench.compare("first push of 2 GB, nothing cached : layered to a file", ours, peer, 1.3)
        self.bench.show_processor("push and layered, without the registry")
        self.bench.check_memory("first push of 2 GB, resident memory", self.push_first().memory / 2**20)

    def skopeo(self):
        # With an empty cache too: skopeo's lies there.
        return self.measure(["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /var/lib/containers && exec \"$@\"",
                             "sh", "skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false",
                             f"docker-archive:{self.archive}", f"docker://{self.registry.name}/skopeo:1"])

    def run_second(self):
        self.push("again")
        warm = dict(self.bench.cold(), XDG_CACHE_HOME=os.path.join(self.bench.work, "warm"))
        self.push("again", environment=warm)
        ours, full = self.bench.in_turn(self.bench.runs, lambda: self.push("again"),
                                        lambda: self.push("again", environment=warm))
        self.bench.compare("second push, cache empty : full", ours, full, 1.2)
        self.bench.show_processor("both")
        self.archive = os.path.join(self.bench.work, "pushed.tar")
        self.layered()
        self.skopeo()
        ours, peer = self.bench.in_turn(max(1, self.bench.runs // 2), lambda: self.push("again"), self.skopeo)
        self.bench.compare("second push, cache empty : skopeo copy", ours, peer, 1 / 10)
        self.bench.check_memory("second push, resident memory", self.push("again").memory / 2**20)

    def changed(self):
        """A spec whose closure differs from the last one in a file of one path."""
        self.changes += 1
        graph = json.loads(json.dumps(self.bench.graph))
        node = min(graph, key=lambda node: node["narSize"])
        with open(self.bench.directory + node["path"] + "/bench-change", "w") as handle:
            handle.write(str(self.changes))
        node["narHash"] = "sha256:" + hashlib.sha256(str(self.changes).encode()).hexdigest()
        name = f"changed-{self.changes}"
        return self.bench.make_spec(name, self.bench.roots(), self.bench.write_graph(name + "-graph.json", graph))

    def run_changed(self):
        warm = dict(self.bench.cold(), XDG_CACHE_HOME=os.path.join(self.bench.work, "warm"))
        node = min(self.bench.graph, key=lambda node: node["narSize"])
        try:
            cold, full = self.bench.in_turn(self.bench.runs, lambda: self.push("again", self.changed()),
                                            lambda: self.push("again", self.changed(), warm))
            self.bench.check_seconds("push after one change, cache empty", cold, 0.5)
            self.bench.check_seconds("push after one change, cache full", full, 0.5)
            self.bench.show_processor("both")
        finally:
            os.unlink(self.bench.directory + node["path"] + "/bench-change")
