"""Lists what a layer of a docker-archive says of its files, but for their times: a line for each, by name.

Arguments: the archive, then the number of the layer, counted from 0, -1 is the last.
Lines: TYPE MODE UID:GID NAME[ -> TARGET][ SHA-256 of the body][ MAJOR,MINOR][ ATTRIBUTE=HEX ...], names as Python writes bytes.
"""
import hashlib, json, sys, tarfile

TYPES = {
    tarfile.REGTYPE: "-", tarfile.AREGTYPE: "-", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.LNKTYPE: "h",
    tarfile.CHRTYPE: "c", tarfile.BLKTYPE: "b", tarfile.FIFOTYPE: "p",
}


def show(name):
    return ascii(name.encode("utf-8", "surrogateescape"))[1:]


archive = tarfile.open(sys.argv[1])
manifest = json.load(archive.extractfile("manifest.json"))[0]
layer = tarfile.open(fileobj=archive.extractfile(manifest["Layers"][int(sys.argv[2])]))
lines = []
for info in layer:
    marker = "/.wh." in "/" + info.name
    line = f"{TYPES[info.type]} {'' if marker else '%04o %d:%d ' % (info.mode, info.uid, info.gid)}{show(info.name)}"
    if info.linkname:
        line += f" -> {show(info.linkname)}"
    if info.isreg() and info.size:
        line += " " + hashlib.sha256(layer.extractfile(info).read()).hexdigest()
    if info.ischr() or info.isblk():
        line += f" {info.devmajor},{info.devminor}"
    for key, value in sorted(info.pax_headers.items()):
        # Hard links have the attributes of their file, whether they repeat them or not.
        if key.startswith("SCHILY.xattr.") and not info.islnk():
            line += f" {key[13:]}={value.encode('utf-8', 'surrogateescape').hex()}"
    lines.append(line)
print("\n".join(sorted(lines, key=lambda line: line.split(" ", 3)[-1])))
