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
    if target == "flatten":
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
elif target == "pax":
    records = {
        b"path": b"a/b", b"linkpath": b"c", b"uname": b"u", b"gname": b"g", b"uid": b"5", b"gid": b"6", b"size": b"3",
        b"mtime": b"-1.5", b"SCHILY.xattr.user.a": b"v\0w", b"GNU.sparse.major": b"1", b"hdrcharset": b"BINARY",
        b"LIBARCHIVE.creationtime": b"1.000000001"}
    for key, value in records.items():
        put(key.decode(), record(key, value))
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
