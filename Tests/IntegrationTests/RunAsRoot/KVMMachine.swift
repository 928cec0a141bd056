import Foundation
import TestSupport

/// A machine whose KVM works: a Debian guest of QEMU's TCG, which emulates AMD's SVM.
///
/// The KVM of the machine that runs the tests may be missing, or may not run stock kernels. In this one they run, ten times
/// slower. Its disk has the program under test and what runAsRoot needs, copied from this machine.
struct KVMMachine {
    private let directory: TemporaryDirectory

    /// Boots the machine, runs a bash script as root, and shuts the machine down.
    ///
    /// - Parameter script: bash code. `$DOCKERTOOLS` is the program; files that it leaves in `/results` are returned by
    ///   `result`.
    /// - Throws: an error unless the machine ends by itself; the script's status is the result `status`.
    init(running script: String) throws {
        directory = try TemporaryDirectory()
        try directory.write(Array(script.utf8), to: "script")
        let setup = #"""
            set -o pipefail; cd "$0"; PATH=$PATH:/usr/sbin:/sbin
            kernel=$(ls /boot/vmlinuz-* | sort -V | tail -n 1); release=${kernel#/boot/vmlinuz-}
            modules() {
                for name; do modprobe -S "$release" --show-depends "$name"; done | awk '$1 == "insmod" && !seen[$2]++ {print $2}'
            }
            mkdir -p root/{bin,dev,proc,sys,tmp,results} initramfs/{bin,dev,modules,root}
            for place in root initramfs; do cp /bin/busybox $place/bin; done
            for applet in $(busybox --list); do ln -s busybox root/bin/$applet 2> /dev/null || true; done
            for program in "$DOCKERTOOLS" "$DOCKERTOOLS-guest" "$(type -P bash)" "$(type -P qemu-system-x86_64)" \
                "$(type -P mke2fs)" "$(type -P sqfstar)"; do
                # A static program has no libraries.
                printf '%s\n' "$program" $(ldd "$program" | grep -o '/[^ ]*' || true)
            done | sort -u > files
            cp -L --parents $(cat files) $(modules virtio_{mmio,blk,console,net} squashfs overlay ext4 crc32c_generic) \
                /lib/modules/$release/modules.{dep,builtin} "$kernel" root
            cp -R -L --parents /usr/share/seabios /usr/share/qemu/{qboot.rom,bios-microvm.bin,linuxboot_dma.bin} root
            cp script root
            mke2fs -q -F -t ext4 -O ^has_journal -d root disk 2G
            number=100
            for file in $(modules virtio_pci virtio_blk ext4 crc32c_generic kvm_amd); do
                cp "$file" initramfs/modules/$((number++)).ko
            done
            cat > initramfs/init <<'END'
            #!/bin/busybox sh
            box=/bin/busybox
            $box mount -t devtmpfs dev /dev
            for module in /modules/*; do $box insmod $module; done
            $box mount -t ext4 /dev/vda /root
            $box mount -t devtmpfs dev /root/dev
            $box mount -t proc proc /root/proc
            $box mount -t sysfs sys /root/sys
            $box mount -t tmpfs tmp /root/tmp
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin $box chroot /root sh -c \
                'cd /tmp; HOME=/tmp bash /script > /results/log 2>&1; echo $? > /results/status; mount -o remount,ro /; sync'
            $box poweroff -f
            END
            chmod 755 initramfs/init
            (cd initramfs && find . | cpio --quiet -o -H newc) > initrd
            timeout 3000 qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 3G -nodefaults -no-user-config \
                -nographic -no-reboot -serial stdio -kernel "$kernel" -initrd initrd \
                -append "console=ttyS0 quiet panic=-1 mitigations=off" \
                -drive file=disk,format=raw,if=virtio,cache=unsafe < /dev/null
            debugfs -R "rdump /results ." disk
            """#
        try Program.output(
            ["bash", "-e", "-c", setup, directory.path], environment: ["DOCKERTOOLS": Dockertools.path])
    }

    /// The text of a file that the script left in `/results`.
    func result(_ name: String) throws -> String {
        String(decoding: try directory.read("results/\(name)"), as: UTF8.self)
    }

    /// The path of a file that the script left in `/results`.
    func resultPath(_ name: String) -> String { directory.path("results/\(name)") }
}
