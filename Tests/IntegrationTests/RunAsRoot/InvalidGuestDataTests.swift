import Foundation
import TestSupport
import Testing

/// Tests with a program instead of QEMU that returns what a compromised virtual machine could return.
@Suite("Invalid data from a virtual machine")
struct InvalidGuestDataTests {
    private let bench: RunAsRootBench

    init() throws {
        bench = try RunAsRootBench()
    }

    /// Builds an image whose layer is the tar that Python code writes to `tar`.
    private func build(_ python: String, status: String = "exited 0") throws -> Program.Outcome {
        try bench.machine.write(
            "import io, os, sys, tarfile\ndef add(tar, name, kind=tarfile.REGTYPE, body=b'', link='', **more):\n"
                + "    info = tarfile.TarInfo(name); info.type, info.linkname, info.size = kind, link, len(body)\n"
                + "    info.pax_headers = more; tar.addfile(info, io.BytesIO(body))\n"
                + "tar = tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT)\n\(python)\ntar.close()\n",
            to: "layer.py")
        let qemu = #"""
            #!/bin/bash
            for argument; do
                path=${argument##*path=}
                case $argument in
                    file,id=console,*) console=$path ;;
                    file,id=port-status,*) status=$path ;;
                    *file=*result.tar,*) result=${argument#*file=}; result=${result%%,*} ;;
                esac
            done
            echo 'dockertools-guest: hello' > "$console"
            python3 LAYER "$result.new" && cat "$result.new" 1<> "$result" >&1
            printf '%s\n' 'STATUS' 'key runAsRoot' 'outOfMemory false' 'outOfProcesses false' 'leastRoom 99999999' \
                "layerSize $(stat -c %s "$result.new")" end > "$status"
            rm -f "$result.new"
            """#
        let text = qemu.replacing("LAYER", with: bench.machine.path("layer.py")).replacing("STATUS", with: status)
        try bench.machine.write(text, to: "bin/qemu-system-x86_64")
        try Program.output(["chmod", "755", bench.machine.path("bin/qemu-system-x86_64")])
        let path = "\(bench.machine.path("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        return try bench.build(["runAsRoot": "true"], environment: ["PATH": path])
    }

    @Test("A valid tar is accepted as the layer")
    func good() throws {
        let outcome = try build("add(tar, './a//b', body=b'x'); add(tar, 'c', tarfile.LNKTYPE, link='./a/b')")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let layer = try RunAsRootBench.layer(of: bench.machine.path("out/image.tar"))
        #expect(layer.map { $0.prefix(30) } == ["- 0644 0:0 'a/b' 2d711642b726b", "h 0644 0:0 'c' -> 'a/b'"])
    }

    @Test(
        "An invalid tar is refused",
        arguments: [
            ("add(tar, '../../etc/passwd', body=b'x')", "its name contains '..'"),
            ("add(tar, 'a', tarfile.LNKTYPE, link='../../etc/passwd')", "its name contains '..'"),
            ("add(tar, 'a', tarfile.LNKTYPE, link='/etc/passwd')", "which does not exist"),
            ("add(tar, '.wh..', body=b'')", "it is a whiteout without a valid name"),
            ("add(tar, 'n' * 256)", "more than the limit of 255"),
            ("add(tar, '.', tarfile.SYMTYPE, link='/etc')", "it has the path of the root but is not a directory"),
            ("tar.fileobj.write(os.urandom(10240))", "cannot read the layer of runAsRoot, entry 1"),
            (
                "add(tar, 'a', body=b'x' * 2000); tar.fileobj.truncate(1024); os._exit(0)",
                "the archive ends within its body"
            ),
        ])
    func refused(python: String, cause: String) throws {
        let outcome = try build(python)
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains(cause), "\(outcome.errors)")
        #expect(outcome.errors.contains("the layer of runAsRoot"))
        #expect(try bench.machine.leftovers == [])
    }

    @Test("An invalid status is an error")
    func status() throws {
        let outcome = try build("", status: "exited perhaps")
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("cannot use the virtual machine's result"))
        #expect(try bench.machine.leftovers == [])
    }
}
