"""Measures the virtual machine: the time until a script runs, and the time to make the rootfs image of a base."""

import glob
import json
import os
import shutil
import subprocess
import time

# The usual kernel arguments, and the clock's frequency: without it the kernel measures it, and hangs on a busy machine.
ARGUMENTS = "console=ttyS0 quiet panic=-1 reboot=t"


class VirtualMachineMeasures:
    def __init__(self, bench, measure):
        self.bench, self.measure = bench, measure
        self.directory = os.path.join(bench.work, "machines")
        os.makedirs(self.directory + "/root/bin")
        self.kernel = sorted(glob.glob("/boot/vmlinuz-*"), key=os.path.getmtime)[-1]
        shutil.copy("/bin/busybox", self.directory + "/root/bin/busybox")
        os.symlink("busybox", self.directory + "/root/bin/sh")
        self.khz = self.time_stamp_khz()

    @staticmethod
    def time_stamp_khz():
        """The frequency of the time stamp counter in kHz, as measured by the host's kernel."""
        with open("/proc/cpuinfo") as handle:
            mhz = next(line.split(":")[1] for line in handle if line.startswith("cpu MHz"))
        return round(float(mhz) * 1000)

    def run(self):
        self.run_start()
        self.run_rootfs_image()

    def initramfs(self):
        """Writes an initramfs whose init is a shell script that prints hello."""
        root, path = self.directory + "/initramfs.d", self.directory + "/initramfs"
        shutil.copytree(self.directory + "/root", root, symlinks=True)
        with open(root + "/init", "w") as handle:
            handle.write("#!/bin/sh\necho hello; exec /bin/busybox sleep 1000\n")
        os.chmod(root + "/init", 0o755)
        os.mkdir(root + "/dev")
        subprocess.run(["mknod", root + "/dev/console", "c", "5", "1"], check=True)
        subprocess.run(f"cd {root} && find . | cpio --quiet -o -H newc > {path}", shell=True, check=True)
        return path

    def until(self, word, command, **how):
        """Seconds from the start of a program to its first line that contains a word; then the program is ended."""
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)
        for line in process.stdout:
            if word in line:
                seconds = time.monotonic() - start
                process.terminate()
                process.communicate()
                return Started(seconds)
        raise SystemExit(f"{command[0]} never said {word}")

    def run_start(self):
        initramfs = self.initramfs()
        spec = self.directory + "/start.json"
        with open(spec, "w") as handle:
            json.dump({"name": "start", "contents": self.directory + "/root", "closure": None,
                       "runAsRoot": "echo hello; /bin/busybox sleep 1000"}, handle)

        def bare():
            return self.until(b"hello", [
                "qemu-system-x86_64", "-M", "microvm", "-accel", "tcg", "-cpu", "max", "-m", "512", "-smp", "1", "-nodefaults",
                "-no-user-config", "-nographic", "-no-reboot", "-serial", "stdio", "-kernel", self.kernel, "-initrd",
                initramfs, "-append", f"{ARGUMENTS} tsc_early_khz={self.khz}"], stdin=subprocess.DEVNULL)

        def ours():
            return self.until(b"hello", [
                self.bench.program, "build", spec, "--accel", "tcg", "--vm-cpus", "1", "--kernel", self.kernel, "-o",
                self.directory + "/start.tar"], cwd=self.directory)

        ours, peer = self.bench.in_turn(self.bench.runs, ours, bare)
        self.bench.compare("runAsRoot to its first line, TCG : QEMU to a bare shell", ours, peer, 1.5)

    def run_rootfs_image(self):
        size, base, rootfs = 0, self.directory + "/base.tar", self.directory + "/rootfs"
        # Store paths of 1 GB together, as one layer of an image.
        chosen = []
        for node in sorted(self.bench.graph, key=lambda node: -node["narSize"]):
            if size + node["narSize"] > 1_050_000_000:
                continue
            chosen.append(node["path"].lstrip("/"))
            size += node["narSize"]
        tree = os.path.join(self.directory, "tree.json")
        subprocess.run(["cp", "-a", "--reflink=auto", "--parents", *chosen, self.directory + "/"], cwd=self.bench.directory,
                       check=True)
        os.rename(self.directory + "/nix", rootfs)
        subprocess.run(["cp", "-a", self.directory + "/root/bin", rootfs + "/bin"], check=True)
        with open(tree, "w") as handle:
            json.dump({"name": "base", "tag": "1", "contents": rootfs, "closure": None, "compressor": "none"}, handle)
        subprocess.run([self.bench.program, "layered", tree, "--quiet", "-o", base], check=True,
                       stdout=subprocess.DEVNULL)
        spec = self.directory + "/on-base.json"
        with open(spec, "w") as handle:
            json.dump({"name": "on-base", "fromImage": base, "closure": None, "runAsRoot": "echo hello; sleep 1000"},
                      handle)

        def ours(environment):
            return self.until(b"hello", [
                self.bench.program, "build", spec, "--accel", "tcg", "--vm-cpus", "1", "--kernel", self.kernel, "-o",
                self.directory + "/on-base.out"], cwd=self.directory, env=environment)

        def peer(compressor):
            output = self.directory + "/peer.squashfs"
            if os.path.exists(output):
                os.unlink(output)
            command = f"tar -C {rootfs} -cf - . | sqfstar -quiet -no-progress -comp {compressor} {output}"
            return self.measure(["bash", "-o", "pipefail", "-c", command])

        first, zstd, lz4 = self.bench.in_turn(
            1, lambda: ours(self.bench.cold()), lambda: peer("zstd"), lambda: peer("lz4"))
        warm = self.bench.cold()
        ours(warm)
        again = ours(warm).seconds
        made = first - again
        self.bench.compare(f"rootfs image of {size / 1e9:.2f} GB : tar | sqfstar -comp lz4, ours too", made, lz4, 2.0)
        self.bench.compare(f"rootfs image of {size / 1e9:.2f} GB : tar | sqfstar -comp zstd", made, zstd, 2.0)
        self.bench.compare("runAsRoot to its first line on that image, second run : first run", again, first, 0.5)


class Started:
    def __init__(self, seconds):
        self.seconds = seconds
