"""Lists the layers of a docker-archive (uncompressed, gzip, or zstd through the program), one line per member.

Arguments: the archive, then the layers to list, counted from 0, -1 is the last; without layers, the archive's own members.
Lines: TYPE MODE UID:GID UNAME:GNAME MTIME SIZE NAME[ -> TARGET]
"""
import io, json, subprocess, sys, tarfile

TYPES = {tarfile.REGTYPE: "-", tarfile.AREGTYPE: "-", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.LNKTYPE: "h"}


def open_archive(path):
    if path.endswith(".zst"):
        return tarfile.open(fileobj=io.BytesIO(subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout))
    return tarfile.open(path)


def show(tar):
    for info in tar:
        target = f" -> {info.linkname}" if info.linkname else ""
        print(
            f"{TYPES.get(info.type, '?')} {info.mode:04o} {info.uid}:{info.gid} {info.uname}:{info.gname} "
            f"{int(info.mtime)} {info.size} {info.name}{target}".encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        )


archive = open_archive(sys.argv[1])
if len(sys.argv) == 2:
    show(archive)
else:
    manifest = json.load(archive.extractfile("manifest.json"))[0]
    for number in sys.argv[2:]:
        show(tarfile.open(fileobj=archive.extractfile(manifest["Layers"][int(number)])))
