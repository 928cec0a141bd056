"""Lists a file system: one line of JSON for each name below the root, sorted by name.

Arguments: a tar, `-` for a tar on standard input, or a directory; then names to leave out (but not the names below them).
Members: name, type, mode, uid, gid, mtime in whole seconds, size and sha256 of a file, target of a symbolic link, numbers of
a device, links: the names of the same file, xattrs in hexadecimal. Bytes that are not UTF-8 are surrogates.
"""
import hashlib, io, json, os, stat, sys, tarfile

TAR_TYPES = {
    tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "link",
    tarfile.CHRTYPE: "character device", tarfile.BLKTYPE: "block device", tarfile.FIFOTYPE: "fifo",
}
STAT_TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device", stat.S_IFIFO: "fifo",
}


def entry(kind, mode, uid, gid, mtime, xattrs):
    return {"type": kind, "mode": "0777" if kind == "link" else f"{mode & 0o7777:04o}", "uid": uid, "gid": gid, "mtime": int(mtime // 1),
            "xattrs": {name: value.hex() for name, value in sorted(xattrs.items())}}


def content(result, body):
    result.update(size=len(body), sha256=hashlib.sha256(body).hexdigest())


def plain(name):
    return os.path.normpath(name.lstrip("/")) if name.strip("/") else "."


def of_tar(tar):
    entries, same = {}, {}
    for info in tar:
        name = plain(info.name)
        if info.type == tarfile.LNKTYPE:
            first = same.get(plain(info.linkname), plain(info.linkname))
            entries[name], same[name] = entries[first], first
            continue
        same[name] = name
        prefix = "SCHILY.xattr."
        xattrs = {key[len(prefix):]: value.encode("utf-8", "surrogateescape")
                  for key, value in info.pax_headers.items() if key.startswith(prefix)}
        result = entry(TAR_TYPES[info.type], info.mode, info.uid, info.gid, info.mtime, xattrs)
        if result["type"] == "file":
            content(result, tar.extractfile(info).read())
        elif result["type"] == "link":
            result["target"] = info.linkname
        elif "device" in result["type"]:
            result["device"] = [info.devmajor, info.devminor]
        entries[name] = result
    return entries, same


def of_directory(root):
    entries, same = {}, {}
    for directory, directories, files in os.walk(root):
        for name in directories + files + ([""] if directory == root else []):
            path = os.path.join(directory, name).rstrip("/")
            status = os.lstat(path)
            xattrs = {key: os.getxattr(path, key, follow_symlinks=False)
                      for key in os.listxattr(path, follow_symlinks=False)}
            kind = STAT_TYPES[stat.S_IFMT(status.st_mode)]
            result = entry(kind, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns // 10**9, xattrs)
            if kind == "file":
                with open(path, "rb") as file:
                    content(result, file.read())
            elif kind == "link":
                result["target"] = os.readlink(path)
            elif "device" in kind:
                result["device"] = [os.major(status.st_rdev), os.minor(status.st_rdev)]
            shown = os.path.relpath(path, root)
            entries[shown], same[shown] = result, (kind == "directory" and shown) or status.st_ino
    return entries, same


source, ignored = sys.argv[1], set(sys.argv[2:])
if os.path.isdir(source):
    entries, same = of_directory(source)
else:
    stream = sys.stdin.buffer if source == "-" else open(source, "rb")
    entries, same = of_tar(tarfile.open(fileobj=io.BytesIO(stream.read())))
groups = {}
for name, first in same.items():
    groups.setdefault(first, []).append(name)
for name in sorted(entries):
    if name not in ignored:
        print(json.dumps({"name": name, **entries[name], "links": sorted(groups[same[name]])}, sort_keys=True))
