"""Computes the store layers of an image with Python's tarfile and a count of all walks through the graph.

Arguments: storeRoot, the largest number of store layers, and the roots; standard input: the output of
`nix-store --dump-db`. Options for the owner: mtime=, uid=, gid=, uname=, gname=. Output: a JSON list of {diffID, size, storePaths}.
"""
import hashlib, json, os, sys, tarfile

STORE = "/nix/store"


def read_graph(lines):
    graph, lines = {}, iter(lines)
    for path in lines:
        next(lines), next(lines), next(lines)
        graph[path] = [next(lines) for _ in range(int(next(lines)))]
    return {path: [other for other in others if other != path] for path, others in graph.items()}


def reach(graph, start):
    seen, waiting = set(), list(start)
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += graph[path]
    return seen


def popularity(graph):
    """The score of each path: the number of walks from a root to the path or to any path that refers to it."""
    walks = dict.fromkeys(graph, 0)

    def walk(path):
        walks[path] += 1
        for other in set(graph[path]):
            walk(other)

    for path in graph:
        if not any(path in others for others in graph.values()):
            walk(path)
    return {path: sum(walks[other] for other in graph if path in reach(graph, [other])) for path in graph}


def key(path):
    hash_part, _, name = os.path.basename(path).partition("-")
    return f"{name}-{STORE}/{hash_part}"


def plan(graph, available):
    scores = popularity(graph)
    order = sorted(graph, key=lambda path: (-scores[path], key(path)))
    single, shared = order[: available - 1], order[available - 1 :]
    return [[path] for path in single] + ([shared] if shared else [])


class Hashing:
    def __init__(self):
        self.sha, self.size = hashlib.sha256(), 0

    def write(self, data):
        self.sha.update(data)
        self.size += len(data)
        return len(data)

    def tell(self):
        return self.size


def files(path):
    """The path and the paths below it, sorted by components."""
    found = [path]
    if os.path.isdir(path) and not os.path.islink(path):
        for directory, directories, names in os.walk(path):
            found += [os.path.join(directory, name) for name in directories + names]
    return sorted(found, key=lambda name: name.split("/"))


def layer(root, paths, owner):
    output = Hashing()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:

        def add(info, body=None):
            for field, value in owner.items():
                setattr(info, field, value)
            tar.addfile(info, body)

        for directory in ["/nix", "/nix/store"]:
            info = tarfile.TarInfo(directory)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            add(info)
        for path in paths:
            for name in files(root.rstrip("/") + path):
                tar.inodes = {}  # write hard links as separate files
                info = tar.gettarinfo(name)
                info.name = name[len(root.rstrip("/")) :]
                if info.isreg():
                    with open(name, "rb") as body:
                        add(info, body)
                else:
                    add(info)
    return {"diffID": "sha256:" + output.sha.hexdigest(), "size": output.size, "storePaths": paths}


def main():
    owner = {"mtime": 1, "uid": 0, "gid": 0, "uname": "root", "gname": "root"}
    arguments = []
    for argument in sys.argv[1:]:
        field, mark, value = argument.partition("=")
        if mark and field in owner:
            owner[field] = type(owner[field])(value)
        else:
            arguments.append(argument)
    root, available, roots = arguments[0], int(arguments[1]), arguments[2:]
    graph = read_graph(sys.stdin.read().split("\n")[:-1])
    graph = {path: graph[path] for path in reach(graph, roots)}
    print(json.dumps([layer(root, paths, owner) for paths in plan(graph, available)]))


main()
