"""Lists the files of a layer in a docker-archive with their attributes, without times, one per line, sorted by name.

Arguments: the archive, then the number of the layer, counted from 0, -1 is the last.
Lines: TYPE MODE UID:GID NAME[ -> TARGET][ SHA-256 of the body][ MAJOR,MINOR][ ATTRIBUTE=HEX ...], names as Python writes bytes.
"""
import hashlib, json, re, sys, tarfile

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
    if "/.wh." in "/" + info.name:
        # Only the name of a whiteout matters; Docker writes whiteouts as hard links of one another.
        lines.append("- " + show(info.name))
        continue
    # Modes in Docker's layers contain the file type.
    line = f"{TYPES[info.type]} {info.mode & 0o7777:04o} {info.uid}:{info.gid} {show(info.name)}"
    if info.linkname:
        line += f" -> {show(info.linkname)}"
    if info.isreg() and info.size:
        line += " " + hashlib.sha256(layer.extractfile(info).read()).hexdigest()
    if info.ischr() or info.isblk():
        line += f" {info.devmajor},{info.devminor}"
    for key, value in sorted(info.pax_headers.items()):
        # A hard link has the attributes of its file, whether its header repeats them or not.
        if key.startswith("SCHILY.xattr.") and not info.islnk():
            line += f" {key[13:]}={value.encode('utf-8', 'surrogateescape').hex()}"
    lines.append(line)
print("\n".join(sorted(lines, key=lambda line: line[re.search("['\"]", line).start():])))
