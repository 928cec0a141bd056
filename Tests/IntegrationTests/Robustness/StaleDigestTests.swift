import Foundation
import TestSupport
import Testing

/// Tests of files that change without another modification time.
@Suite("Stale digests")
struct StaleDigestTests {
    private let machine: TestMachine

    init() throws {
        machine = try TestMachine(clockIsAhead: true)
        try machine.spec(["contents": ["files"]])
        try machine.write("contents", to: "files/file")
    }

    /// The number of digests that a run keeps of the directory `files`, which `script` mounts.
    private func kept(_ script: String) throws -> Int {
        let outcome = try machine.shell(
            """
            unshare --mount bash -c '\(script)
            $DOCKERTOOLS layered spec.json -o out/image.tar --quiet > out/path || exit 1
            umount files 2> /dev/null; find cache -type f | wc -l'
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return Int(outcome.text.split(separator: "\n").last ?? "") ?? -1
    }

    private static let squashfs = "mksquashfs files s.sq -quiet -no-progress > out/log || exit 1"
    /// An ext4 filesystem, mounted at `disk`.
    private static let disk =
        "mkdir disk; truncate -s 32M disk.img; mkfs.ext4 -q -I 256 disk.img && mount -o loop disk.img disk || exit 1"

    @Test("The digests of files on a disk are kept, also through an overlay filesystem")
    func onDisk() throws {
        let files = "mkdir disk/files; mv files/file disk/files; mount --bind disk/files files"
        #expect(try kept("\(Self.disk); \(files)") == 1)
    }

    @Test("The digests of an overlay filesystem with an upper directory on the same disk are kept")
    func overlay() throws {
        #expect(
            try kept(
                """
                \(Self.disk); mkdir disk/{upper,work,lower}; mv files/file disk/lower
                mount -t overlay none -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work files || exit 1
                """) == 1)
    }

    @Test(
        "No digest is kept of files whose change times and inode numbers do not identify them",
        arguments: [
            "\(squashfs); mount -o loop s.sq files || exit 1",
            "mount -t tmpfs none files && echo contents > files/file || exit 1",
            "\(squashfs); \(disk); mkdir disk/{upper,work} squashed; mount -o loop s.sq squashed || exit 1; "
                + "mount -t overlay none -o lowerdir=squashed,upperdir=disk/upper,workdir=disk/work files || exit 1",
            "\(squashfs); mkdir squashed empty; mount -o loop s.sq squashed || exit 1; "
                + "mount -t overlay none -o lowerdir=squashed:empty files || exit 1",
            // Whole seconds are the times of an image that a program has filled.
            "truncate -s 32M d.img; mkfs.ext4 -q -I 256 -d files d.img && mount -o loop d.img files || exit 1",
        ])
    func unidentified(script: String) throws {
        #expect(try kept(script) == 0)
    }

    /// Runs Python with `run`, which starts `stream` with the warm cache and calls a function when its pipe is full.
    private func stream(whenFull change: String) throws -> (status: Int, errors: String) {
        let script = """
            import fcntl, os, struct, subprocess, sys, termios, time
            def secretly(name):
                status = os.stat(name)
                with open(name, "r+b") as file: file.write(b"other")
                os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns))
            command = [os.environ["DOCKERTOOLS"], "stream", "spec.json"]
            warm = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
            assert warm == 0
            run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            # The first file of 256 KiB is in the pipe as a whole, and the second is too large for it.
            while struct.unpack("i", fcntl.ioctl(run.stdout, termios.FIONREAD, bytes(4)))[0] < 600_000: time.sleep(0.01)
            \(change)
            _, errors = run.communicate()
            print(run.returncode)
            sys.stderr.buffer.write(errors)
            """
        try machine.write(script, to: "stream.py")
        let outcome = try machine.shell("python3 stream.py")
        return (Int(outcome.text.dropLast()) ?? -1, outcome.errors)
    }

    @Test("A file that changes while its layer is sent under a known digest is an error", arguments: ["a", "z", nil])
    func whileSent(name: String?) throws {
        try machine.write([UInt8](repeating: 1, count: 256 << 10), to: "files/a")
        try machine.write([UInt8](repeating: 2, count: 8 << 20), to: "files/b")
        try machine.write("some text", to: "files/z")
        let (status, errors) = try stream(whenFull: name.map { "secretly('files/\($0)')" } ?? "pass")
        guard let name else {
            #expect(status == 0, "\(errors)")
            return
        }
        #expect(status == 74)
        #expect(errors.contains("error: cannot read \(machine.path("files/\(name)"))\n"))
    }

    @Test("A file that is mapped for writing is hashed again, as long as its pages may be dirty")
    func mapped() throws {
        let script = """
            import mmap, os, subprocess
            file = open("files/file", "r+b")
            pages = mmap.mmap(file.fileno(), 0)
            def build():
                command = [os.environ["DOCKERTOOLS"], "build", "spec.json", "-o", "out/image.tar", "--quiet"]
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
                subprocess.run([command[0], "validate", "out/image.tar"], stdout=subprocess.DEVNULL, check=True)
            for text in [b"one ", b"two "]:
                pages[0:4] = text
                build()
            """
        try machine.write(script, to: "mapped.py")
        // By the machine's own clock the file has changed a moment ago.
        let outcome = try machine.shell("unset LD_PRELOAD; python3 mapped.py; find cache -type f | wc -l")
        #expect(outcome.text == "0\n", "\(outcome.errors)")
    }
}
