"""Writes an image in the format of skopeo's `dir:` transport, with exactly these bytes, for forms that no builder makes.

crafted_image.py DIRECTORY KIND COMPRESSION ARCHITECTURE LAYER...

KIND is the manifest's: oci or docker; COMPRESSION is none, gzip or zstd. Each LAYER is a tar, which may be repeated; the name
`empty` stands for a tar of two blocks of zeros. The config has an order of keys and a spelling that our writers never use.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys

directory, kind, compression, architecture, *layers = sys.argv[1:]
os.makedirs(directory, exist_ok=True)

MANIFEST = {
    "oci": "application/vnd.oci.image.manifest.v1+json",
    "docker": "application/vnd.docker.distribution.manifest.v2+json",
}[kind]
CONFIG = {
    "oci": "application/vnd.oci.image.config.v1+json",
    "docker": "application/vnd.docker.container.image.v1+json",
}[kind]
LAYER = {
    ("oci", "none"): "application/vnd.oci.image.layer.v1.tar",
    ("oci", "gzip"): "application/vnd.oci.image.layer.v1.tar+gzip",
    ("oci", "zstd"): "application/vnd.oci.image.layer.v1.tar+zstd",
    ("docker", "none"): "application/vnd.docker.image.rootfs.diff.tar",
    ("docker", "gzip"): "application/vnd.docker.image.rootfs.diff.tar.gzip",
}[kind, compression]


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob(data, media_type):
    with open(f"{directory}/{digest(data)[7:]}", "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "size": len(data), "digest": digest(data)}


def compressed(data):
    if compression == "gzip":
        return gzip.compress(data, mtime=0)
    if compression == "zstd":
        return subprocess.run(["zstd", "-c"], input=data, capture_output=True, check=True).stdout
    return data


uncompressed = [bytes(1024) if layer == "empty" else open(layer, "rb").read() for layer in layers]
config = """{"zzz": 1, "os":"linux", "config" : {"Z":1,"Env":["A=<b>&\u2028 x"],
  "Labels":{"b":"  {x, y} ","a":"\\u003c \\/"}, "E": { }, "n":1.50e3 , "Entrypoint":null}, "created":"2020-01-01T00:00:00.12Z",
  "container_config": {"Cmd": ["b", "a"]}, "docker_version": "20.10", "architecture":"%s",
  "rootfs":{"type":"layers","diff_ids":%s}, "history":%s}""" % (
    architecture,
    json.dumps([digest(layer) for layer in uncompressed]),
    json.dumps([{"created_by": "x", "empty_layer": True}] + [{} for _ in uncompressed]),
)
manifest = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(config.encode(), CONFIG),
        "layers": [blob(compressed(layer), LAYER) for layer in uncompressed],
    },
    indent=3,
).encode()
with open(f"{directory}/manifest.json", "wb") as file:
    file.write(manifest)
with open(f"{directory}/version", "w") as file:
    file.write("Directory Transport Version: 1.1\n")
print(digest(manifest))
