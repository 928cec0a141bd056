"""Makes a store closure for measurements from the Debian packages of this machine.

Each package becomes one store path: its files are copied, its dependencies are listed in
nix-support/propagated-build-inputs. The hashes depend only on names and versions, so that a closure is made once and reused.
"""

import hashlib
import json
import os
import shutil
import stat
import subprocess

ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"


def store_path(package, version):
    number = int.from_bytes(hashlib.sha256(f"{package}={version}".encode()).digest()[:20], "big")
    part = "".join(ALPHABET[number >> 5 * place & 31] for place in range(32))
    clean = "".join(c if c.isascii() and (c.isalnum() or c in "+-._") else "-" for c in version)
    return f"/nix/store/{part}-{package}-{clean}"


def installed():
    """name -> (version, bytes, names of its dependencies)"""
    rows = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${Version}\t${Installed-Size}\t${Pre-Depends}, ${Depends}\n"],
        check=True, capture_output=True, text=True).stdout.splitlines()
    packages = {}
    for name, version, size, depends in (row.split("\t") for row in rows):
        clauses = [[a.split()[0].split(":")[0] for a in clause.split("|") if a.split()] for clause in depends.split(",")]
        packages.setdefault(name, (version, int(size or 0) * 1024, clauses))
    return {
        name: (version, size, sorted({hit for c in clauses for hit in [next((a for a in c if a in packages), None)]
                                      if hit and hit != name}))
        for name, (version, size, clauses) in packages.items()}


def choose(packages, minimum):
    """The largest packages with their dependencies, each after its dependencies, until there are enough bytes."""
    chosen, total = {}, 0

    def visit(name, path):
        nonlocal total
        if name in chosen or name in path:
            return
        for needed in packages[name][2]:
            visit(needed, path | {name})
        if name not in chosen:
            # Only packages chosen before: references in a store form no cycles.
            chosen[name] = [needed for needed in packages[name][2] if needed in chosen]
            total += packages[name][1]

    for name in sorted(packages, key=lambda n: (-packages[n][1], n)):
        if total >= minimum:
            break
        visit(name, frozenset())
    return chosen


def copy(package, top):
    listing = subprocess.run(["dpkg-query", "-L", package], check=True, capture_output=True, text=True).stdout
    size = 0
    for source in listing.splitlines():
        target = os.path.join(top, source.removeprefix("/usr").lstrip("/"))
        if not source.startswith("/") or os.path.lexists(target) or not os.path.lexists(source):
            continue
        status = os.lstat(source)
        parents = os.path.dirname(target)
        if os.path.realpath(parents) != os.path.realpath(top) + parents[len(top):]:
            continue
        if stat.S_ISDIR(status.st_mode):
            os.makedirs(target, exist_ok=True)
        elif os.path.isdir(parents) or not os.path.lexists(parents):
            os.makedirs(parents, exist_ok=True)
            if stat.S_ISLNK(status.st_mode):
                os.symlink(os.readlink(source), target)
            elif stat.S_ISREG(status.st_mode):
                shutil.copyfile(source, target)
                os.chmod(target, 0o555 if status.st_mode & 0o111 else 0o444)
                size += status.st_size
    return size


def make(directory, minimum):
    """Makes the closure below `directory` unless it is there, and returns its graph: a list of {path, narSize, references}."""
    graph_file = os.path.join(directory, "closure.json")
    if os.path.exists(graph_file):
        with open(graph_file) as handle:
            return json.load(handle)
    shutil.rmtree(directory, ignore_errors=True)
    packages = installed()
    chosen = choose(packages, minimum)
    graph = []
    for name, needed in chosen.items():
        path = store_path(name, packages[name][0])
        references = sorted(store_path(n, packages[n][0]) for n in needed)
        top = directory + path
        os.makedirs(top)
        size = copy(name, top)
        os.makedirs(top + "/nix-support", exist_ok=True)
        with open(top + "/nix-support/propagated-build-inputs", "w") as handle:
            handle.write(" ".join(references) + "\n")
        graph.append({"path": path, "narSize": size, "references": references})
    graph.sort(key=lambda node: node["path"])
    with open(graph_file + ".part", "w") as handle:
        json.dump(graph, handle, indent=1)
    os.rename(graph_file + ".part", graph_file)
    return graph
