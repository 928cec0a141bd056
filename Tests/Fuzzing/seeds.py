"""Writes the initial inputs of a fuzzing target into a directory: small examples of each format.

usage: seeds.py TARGET DIRECTORY
"""
import gzip, hashlib, io, json, lzma, pathlib, subprocess, sys, tarfile

target, directory = sys.argv[1], pathlib.Path(sys.argv[2])
directory.mkdir(parents=True, exist_ok=True)
long, odd = "d" * 90 + "/" + "n" * 120, "grün"


def put(name, data):
    (directory / f"seed-{name}").write_bytes(data)


def member(name, kind=tarfile.REGTYPE, body=b"", **fields):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(body)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, io.BytesIO(body)


def tar(form, members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8") as archive:
        for info, body in members:
            archive.addfile(info, body)
    # Python pads to 10 KiB, which does not help fuzzers.
    used = out.getvalue().rstrip(b"\0")
    return used + bytes(-len(used) % 512 + 1024)


def record(key, value):
    rest = len(key) + len(value) + 3
    length = rest
    while length != rest + len(str(length)):
        length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def header(name, kind=b"0", size=0, magic=b"ustar\0" + b"00", fields=()):
    """A header of 512 bytes; fields are (offset, bytes)."""
    block = bytearray(512)
    octal = [(100, b"0000644"), (108, b"0000000"), (116, b"0000000"), (124, b"%011o" % size), (136, b"%011o" % 1)]
    for offset, data in [(0, name), *octal, (148, b" " * 8), (156, kind), (257, magic), *fields]:
        block[offset:offset + len(data)] = data
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % 512)


def pax(records, name, body):
    data = b"".join(record(*each) for each in records)
    return header(b"././@PaxHeader", b"x", len(data)) + padded(data) + header(name, b"0", len(body)) + padded(body)


def sparse():
    """The same sparse file in each format."""
    parts, size, data = [(1000, 5), (3000, 3), (5000, 0)], 5000, b"12345678"
    numbers = [b"%d" % number for part in parts for number in part]
    common = [(b"GNU.sparse.size", b"%d" % size), (b"GNU.sparse.numblocks", b"%d" % len(parts))]
    pairs = [(b"GNU.sparse.numbytes" if index % 2 else b"GNU.sparse.offset", number)
             for index, number in enumerate(numbers)]
    yield "0.0", pax(common + pairs, b"f", data)
    yield "0.1", pax(common + [(b"GNU.sparse.name", b"f"), (b"GNU.sparse.map", b",".join(numbers))], b"x/f", data)
    one = [(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"f"),
           (b"GNU.sparse.realsize", b"%d" % size)]
    yield "1.0", pax(one, b"x/f", padded(b"%d\n" % len(parts) + b"".join(n + b"\n" for n in numbers)) + data)
    field = lambda number: b"%011o\0" % number
    entries = [field(offset) + field(count) for offset, count in parts + [(size, 0)] * 3]
    fields = [(386, b"".join(entries[:4])), (482, b"\1"), (483, field(size))]
    yield "old", (header(b"f", b"S", len(data), b"ustar  \0", fields) + b"".join(entries[4:]).ljust(512, b"\0")
                  + padded(data))


PLAIN = b"the same bytes every time, " * 9 + bytes(range(256)) + bytes(5000)

if target in ("tar", "flatten"):
    forms = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
    for name, form in forms.items():
        put(f"{name}-file", tar(form, [member("a/b", body=b"hello", mtime=1, uname="root", gname="root")]))
        put(f"{name}-kinds", tar(form, [
            member("d/", tarfile.DIRTYPE, mode=0o755), member("s", tarfile.SYMTYPE, linkname="../x"),
            member("h", tarfile.LNKTYPE, linkname="a/b"), member("f", tarfile.FIFOTYPE),
            member("c", tarfile.CHRTYPE, devmajor=1, devminor=3), member("b", tarfile.BLKTYPE, devmajor=8)]))
    for name in ("gnu", "pax"):
        put(f"{name}-long", tar(forms[name], [
            member(long, body=b"x"), member(odd, tarfile.SYMTYPE, linkname=long), member("n", uid=1 << 40, mtime=-2.5)]))
    old = bytearray(tar(forms["ustar"], [member("old/", body=b"")]))
    old[257:265], old[156:157] = bytes(8), b"\0"
    put("old", bytes(old))
    info = tarfile.TarInfo("g")
    info.pax_headers = {"mtime": "1.25", "SCHILY.xattr.user.a": "b"}
    put("pax-records", tar(forms["pax"], [(info, io.BytesIO())]))
    put("pax-global", tarfile.TarInfo.create_pax_global_header({"uname": "x"}) + tar(forms["pax"], [member("g")]))
    for name, data in sparse():
        put(f"sparse-{name}", data + bytes(1024))
    put("go-prefix", header(b"name", magic=b"ustar  \0", fields=[(345, b"a/directory/of/Docker/until/2017")]) + bytes(1024))
    put("gnu-times", header(b"f", magic=b"ustar  \0", fields=[(345, b"14000000000\0" * 2)]) + bytes(1024))
    put("no-padding", header(b"f", size=5) + b"hello")
    put("second-tar", header(b"f", size=5) + padded(b"hello") + bytes(1024)
        + header(b"stargz.index.json", size=2) + padded(b"{}") + bytes(1024))
    if target == "flatten":
        put("absolute-hard-link", tar(forms["ustar"], [
            member("usr/bin/perl", body=b"x"), member("h", tarfile.LNKTYPE, linkname="/usr/bin/perl")]))
        for name, data in sparse():
            put(f"sparse-link-{name}", data + tar(forms["ustar"], [member("h", tarfile.LNKTYPE, linkname="/f")]))
        kinds = {"f": (tarfile.REGTYPE, {}), "d": (tarfile.DIRTYPE, {}), "l": (tarfile.SYMTYPE, {"linkname": "../d"})}
        for first, (kind, fields) in kinds.items():
            put(f"hidden-{first}", tar(forms["ustar"], [
                member("d", tarfile.DIRTYPE), member("d/n", kind, **fields), member("d/.wh.n"), member("d/n/f", body=b"x"),
                member("d/.wh..wh..opq"), member("h", tarfile.LNKTYPE, linkname="d/n/f")]))
elif target in ("image", "config"):
    empty = bytes(1024)
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Env": ["A=b"], "Labels": {"a": "b"}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(empty).hexdigest()]},
        "history": [{"empty_layer": True}, {"created_by": "x"}]}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["a:b"], "Layers": ["layer.tar"]}]).encode()
    if target == "config":
        put("one", manifest + b"\0" + config)
        put("none", b'[{"Config":"config.json","RepoTags":null,"Layers":[]}]\0{"rootfs":{"diff_ids":[]}}')
        put("null", b'[{"Config":"config.json","RepoTags":null,"Layers":null}]\0{"rootfs":{"diff_ids":null}}')
        put("case", b'[{"config":"config.json","repotags":["a:b"],"LAYERS":[]}]\0'
            b'{"RootFS":{"Diff_IDs":[]},"Config":{"cmd":["a"],"ENV":["A=b"]},"History":[{"Empty_Layer":true}]}')
    else:
        def docker(layer):
            return tar(tarfile.USTAR_FORMAT, [
                member("manifest.json", body=manifest), member("config.json", body=config),
                member("layer.tar", body=layer)])

        blobs = {}

        def blob(kind, data):
            digest = hashlib.sha256(data).hexdigest()
            blobs[f"blobs/sha256/{digest}"] = data
            return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

        oci = json.dumps({
            "schemaVersion": 2, "config": blob("config.v1+json", config),
            "layers": [blob("layer.v1.tar+gzip", gzip.compress(empty, mtime=0))]}).encode()
        index = json.dumps({"schemaVersion": 2, "manifests": [blob("manifest.v1+json", oci)]}).encode()
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index, **blobs}
        put("docker", docker(empty))
        put("docker-gzip", docker(gzip.compress(empty, mtime=0)))
        put("docker-xz", docker(lzma.compress(empty)))
        put("packed", gzip.compress(docker(empty), mtime=0))
        put("oci", tar(tarfile.USTAR_FORMAT, [member(name, body=data) for name, data in files.items()]))
        entries = json.loads(index)["manifests"]
        types = [("config.v1+json", "vnd.dev.cosign"), ("empty", "spdx")]
        for config_type, layer_type in types:
            artifact = json.dumps({
                "schemaVersion": 2, "config": blob(config_type, config), "layers": [blob(layer_type, b"text")]}).encode()
            entries.append(blob("manifest.v1+json", artifact))
        entries.append(dict(blob("manifest.v1+json", oci), artifactType="a/b"))
        entries.append(dict(blob("manifest.v1+json", oci), platform={"os": "unknown", "architecture": "unknown"}))
        files = {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}', **blobs,
            "index.json": json.dumps({"schemaVersion": 2, "manifests": entries}).encode()}
        put("artifacts", tar(tarfile.USTAR_FORMAT, [member(name, body=data) for name, data in files.items()]))
        flat = {name.rpartition("/")[2]: data for name, data in blobs.items()}
        put("dir", tar(tarfile.USTAR_FORMAT, [
            member(name, body=data) for name, data in {"manifest.json": oci, "version": b"1.1", **flat}.items()]))
        put("sparse-member", pax([
            (b"GNU.sparse.size", b"1024"), (b"GNU.sparse.name", b"layer.tar"), (b"GNU.sparse.map", b"1024,0")],
            b"x", b"") + docker(empty)[:-2048 - 1024] + bytes(1024))
elif target == "pax":
    records = {
        b"path": b"a/b", b"linkpath": b"c", b"uname": b"u", b"gname": b"g", b"uid": b"5", b"gid": b"6", b"size": b"3",
        b"mtime": b"-1.5", b"SCHILY.xattr.user.a": b"v\0w", b"GNU.sparse.major": b"1", b"hdrcharset": b"BINARY",
        b"GNU.sparse.map": b"0,3", b"GNU.sparse.size": b"9", b"GNU.sparse.name": b"n", b"GNU.sparse.offset": b"1",
        b"LIBARCHIVE.creationtime": b"1.000000001"}
    for key, value in records.items():
        put(key.decode(), record(key, value))
    for size in (b"3", b"9"):
        put(f"sparse-{size.decode()}", record(b"GNU.sparse.map", b"0,3") + record(b"GNU.sparse.size", size))
    put("all", b"".join(record(*each) for each in records.items() if b"sparse" not in each[0]))
elif target == "json":
    put("list", b'[null, true, false, -0.5e-3, 18446744073709551615, "a\\u00e9\\ud83d\\ude00\\n", {"k": []}]')
    put("config", json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}, "history": [{"empty_layer": True}]}).encode())
    put("manifest", json.dumps([{"Config": "c.json", "RepoTags": ["a:b"], "Layers": ["l/layer.tar"]}]).encode())
else:
    command = {"zstd": ["zstd", "-c", "--check"], "xz": ["xz", "-c"]}.get(target, [target, "-c"])
    pack = lambda data, *options: subprocess.run([*command, *options], input=data, stdout=-1, check=True).stdout
    for name, data in {"empty": b"", "word": b"word", "plain": PLAIN}.items():
        put(name, pack(data))
        put(f"{name}-twice", pack(data) * 2)
    put("levels", pack(PLAIN, "-1"))
    if target == "xz":
        for name, options in {
                "blocks": ["--block-size=1000"], "sized": ["-T2", "--block-size=2000"], "none": ["--check=none"],
                "crc32": ["--check=crc32"], "sha256": ["--check=sha256"], "x86": ["--x86", "--lzma2=dict=4KiB"]}.items():
            put(name, pack(PLAIN, *options))
        put("padded", pack(b"word") + bytes(8) + pack(b"word"))
    if target == "zstd":
        put("skippable", bytes([0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]) + pack(b"word"))
        put("stream", pack(PLAIN, "--no-check", "--ultra", "-22"))
    if target == "gzip":
        put("padded", pack(b"word") + bytes(100))
        out = io.BytesIO()
        with gzip.GzipFile("name", "wb", fileobj=out, mtime=1) as file:
            file.write(PLAIN)
        put("named", out.getvalue())
