#!/usr/bin/env python3
"""The peer of `stream`: Python's tarfile hashes each layer, and then writes it.

It works like nixpkgs' stream_layered_image.py: one tarfile for the image, which reads each layer from a pipe that another
process writes with its own tarfile.

usage: tarfile_writer.py RESULT.json ROOT > image.tar

RESULT.json is the output of `dockertools layered --json`, which lists the store paths of each layer. Every store layer's
digest is compared with it; a difference ends the program with status 1.
"""

import hashlib
import json
import os
import sys
import tarfile


class Hash:
    def __init__(self):
        self.hash, self.size = hashlib.sha256(), 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)


def entries(top):
    names = [top]
    if not os.path.islink(top):
        for directory, directories, files in os.walk(top):
            names += [os.path.join(directory, name) for name in directories + files]
    return sorted(names, key=lambda name: name.split("/"))


def write_layer(out, root, paths):
    def add(tar, info, body=None):
        info.mtime, info.uid, info.gid, info.uname, info.gname = 1, 0, 0, "root", "root"
        tar.addfile(info, body)

    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for directory in ("/nix", "/nix/store"):
            info = tarfile.TarInfo(directory)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            add(tar, info)
        for path in paths:
            for name in entries(root + path):
                tar.inodes = {}  # write hard links as separate files
                info = tar.gettarinfo(name, arcname=name)
                info.name = name[len(root):]
                if info.isfile():
                    with open(name, "rb") as body:
                        add(tar, info, body)
                else:
                    add(tar, info)


def main():
    with open(sys.argv[1]) as handle:
        layers = [layer for layer in json.load(handle)["layers"] if layer["storePaths"]]
    root = sys.argv[2]
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as image:
        for layer in layers:
            digest = Hash()
            write_layer(digest, root, layer["storePaths"])
            if "sha256:" + digest.hash.hexdigest() != layer["diffID"] or digest.size != layer["size"]:
                sys.exit(f"the layer of {layer['storePaths'][0]} differs: {digest.hash.hexdigest()}, {digest.size} bytes")
            info = tarfile.TarInfo(digest.hash.hexdigest() + "/layer.tar")
            info.size = digest.size
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reader)
                with open(writer, "wb") as pipe:
                    write_layer(pipe, root, layer["storePaths"])
                os._exit(0)
            os.close(writer)
            with open(reader, "rb") as pipe:
                image.addfile(info, pipe)
            os.waitpid(child, 0)


main()
