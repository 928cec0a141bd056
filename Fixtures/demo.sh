#!/usr/bin/env bash
# Makes a store from busybox and the programs next to this file, builds an image of it, shows the image, and runs it if a
# Docker daemon is available.
#
# usage: demo.sh PROGRAM [DIRECTORY]
set -euo pipefail

program=$(realpath "$1")
fixtures=$(realpath "$(dirname "$0")")
directory=${2:-$(dirname "$fixtures")/.build/demo}

run() {
    echo "\$ $1"
    PATH=$(dirname "$program"):$PATH bash -o pipefail -c "$1"
    echo
}

rm -rf "$directory"
mkdir -p "$directory"
cp -R "$fixtures/store/nix" "$fixtures/busybox.toml" "$directory"
busybox=$directory/nix/store/b4ybz0x1s3q5n7r9kvmjclgh8f6d2paw-busybox-static
mkdir -p "$busybox/bin"
cp "$(command -v busybox)" "$busybox/bin/busybox"
for applet in $("$busybox/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$busybox/bin/$applet"
done
chmod -R u=rwX,go=rX "$directory"
cd "$directory"

run "dockertools plan busybox.toml --set storeRoot=."
run "dockertools layered busybox.toml --set storeRoot=. -o busybox.tar.gz"
run "dockertools inspect busybox.tar.gz"
if docker info > /dev/null 2>&1; then
    run "dockertools stream busybox.toml --set storeRoot=. --quiet | docker load"
    run "docker run --rm --network none busybox-demo"
else
    echo "No Docker daemon is available. With one, run:"
    echo "  docker load < $directory/busybox.tar.gz && docker run --rm busybox-demo"
fi
