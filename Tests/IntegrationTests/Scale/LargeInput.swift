import TestSupport

/// Writes inputs of any size: images whose numbers a stranger can choose.
enum LargeInput {
    /// Writes a docker-archive.
    ///
    /// - Parameters:
    ///   - layers: a Python expression of a list of lists of entries `(name, type)`; `n` is the count.
    ///   - tags: a Python expression of the list of names.
    static func image(
        _ directory: TemporaryDirectory, _ name: String, count: Int, layers: String, tags: String = "['x:1']"
    ) throws {
        let script = """
            import hashlib, io, json, sys, tarfile
            n, path = int(sys.argv[1]), sys.argv[2]
            def tar(entries):
                out = io.BytesIO()
                with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
                    for entry in entries:
                        i = tarfile.TarInfo(entry[0])
                        i.type = entry[1] if len(entry) > 1 else tarfile.REGTYPE
                        i.pax_headers = entry[2] if len(entry) > 2 else {}
                        t.addfile(i)
                        t.members = []
                return out.getvalue()
            layers = [tar(entries) for entries in \(layers)]
            ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
            config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ids}}
            files = [("config.json", json.dumps(config).encode())]
            files += [(f"{number}.tar", layer) for number, layer in enumerate(layers)]
            names = [name for name, _ in files[1:]]
            manifest = [{"Config": "config.json", "RepoTags": \(tags), "Layers": names}]
            with tarfile.open(path, "w") as t:
                for name, body in files + [("manifest.json", json.dumps(manifest).encode())]:
                    i = tarfile.TarInfo(name)
                    i.size = len(body)
                    t.addfile(i, io.BytesIO(body))
            """
        _ = try Program.python(script, ["\(count)", directory.path(name)])
    }

    /// Writes a spec `NAME.json` with a graph of `count` store paths, each with references to the next ones, and a
    /// store `NAME` with a file in each path.
    ///
    /// - Parameters:
    ///   - references: the number of references of each path.
    ///   - longNames: whether the names have 180 characters.
    static func closure(
        _ directory: TemporaryDirectory, _ name: String, count: Int, references: Int, longNames: Bool = false
    ) throws {
        let script = """
            import json, os, sys
            name, n, k, pad = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
            paths = ["/nix/store/%032d-p%d%s" % (i, i, pad) for i in range(n)]
            for path in paths:
                os.makedirs(name + path)
                open(name + path + "/file", "w").write("x")
            graph = [{"path": p, "references": paths[i + 1:i + 1 + k], "narSize": 200} for i, p in enumerate(paths)]
            json.dump(graph, open(name + "-graph.json", "w"))
            spec = {"name": name, "tag": "1", "storeRoot": name, "closure": name + "-graph.json", "contents": [paths[0]]}
            json.dump(spec, open(name + ".json", "w"))
            """
        let pad = longNames ? String(repeating: "x", count: 180) : ""
        try Program.output(
            ["python3", "-c", script, name, "\(count)", "\(references)", pad], in: directory.path)
    }
}
