import Foundation
import TestSupport
import Testing

/// Tests of failures in a virtual machine: each has its message, and leaves nothing behind.
@Suite("runAsRoot that fails")
struct RunAsRootFailureTests {
    private let bench: RunAsRootBench

    init() throws {
        bench = try RunAsRootBench()
    }

    private func expectFailure(
        _ script: String, _ options: [String] = [], _ spec: [String: Any] = [:], status: Int32 = 1,
        environment: [String: String] = [:]
    ) throws -> String {
        let all = ["contents": try bench.makeBusybox(), "runAsRoot": script].merging(spec) { $1 }
        let outcome = try bench.build(all, options, environment: environment)
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(try bench.machine.leftovers == [])
        return outcome.errors
    }

    @Test("A failed script is reported with its status, its last lines and the shell's message")
    func status() throws {
        let errors = try expectFailure("echo one\nnosuch thing\necho two")
        #expect(
            errors.hasSuffix(
                """
                error: runAsRoot failed
                  why: it ended with status 127; its last lines:
                           one
                           /dev/dockertools/runAsRoot: line 2: nosuch: not found
                           line 2 of the script: nosuch thing
                  fix: correct runAsRoot in the spec

                """), "\(errors)")
        #expect(
            try expectFailure("wget -q http://example.com/file").hasSuffix(
                "  fix: set --vm-network: without it runAsRoot has no network\n"))
        #expect(try expectFailure("kill -9 $$").contains("it was ended by signal 9"))
        #expect(try expectFailure("true", [], ["extraCommands": "exit 3"]).contains("error: extraCommands failed"))
    }

    @Test("A missing interpreter in the image is named")
    func interpreter() throws {
        #expect(
            try expectFailure("#!/usr/bin/python3\nprint(1)").contains(
                "the image does not have '/usr/bin/python3', or lacks its loader"))
        #expect(try expectFailure("true", [], ["contents": []]).contains("the image does not have '/bin/sh'"))
    }

    @Test("A lack of memory, disk or processes is reported with the setting to change")
    func limits() throws {
        let memory = try expectFailure("tail /dev/zero", [], ["buildVMMemorySize": 256])
        #expect(memory.contains("the virtual machine's 256 MiB of memory were not enough"))
        #expect(memory.contains("buildVMMemorySize = 512"))
        let disk = try expectFailure("dd if=/dev/zero of=/big bs=1M", [], ["diskSize": 32])
        #expect(disk.contains("the virtual machine's disk of 32 MiB is full"))
        #expect(disk.contains("diskSize = 64"))
        let contents = try expectFailure("true", [], ["diskSize": 2])
        #expect(contents.contains("diskSize"))
        let processes = try expectFailure(
            "exec 2> /dev/null; f() { f | f & }; f; sleep 1000", [], ["buildVMMemorySize": 256])
        #expect(processes.contains("it started more than 512 processes at a time"))
    }

    @Test("A script that hangs is ended at the timeout")
    func hang() throws {
        let errors = try expectFailure("echo waiting; sleep 1000", ["--vm-timeout", "20"])
        #expect(errors.contains("waiting\n"))
        #expect(errors.contains("the script took longer than 20 seconds"))
    }

    @Test("A kernel panic is reported")
    func panic() throws {
        // PID 1 of the guest must survive the end of the reader at the other end of its port.
        let errors = try expectFailure(
            "mount -o remount,rw /sys 2> /dev/null; echo c > /proc/sysrq-trigger; sleep 1000", status: 69)
        #expect(errors.contains("its kernel panicked: sysrq triggered crash"), "\(errors)")
    }

    @Test("Missing programs and files are named, with the package that provides them")
    func missing() throws {
        let tools = bench.machine.path("tools")
        try bench.machine.makeDirectory("tools")
        let path = ["PATH": tools]
        func link(_ names: String...) throws {
            for name in names {
                let found = String(
                    decoding: try Program.output(["bash", "-c", "PATH=$PATH:/usr/sbin type -P \(name)"]), as: UTF8.self)
                try FileManager.default.createSymbolicLink(
                    atPath: "\(tools)/\(name)", withDestinationPath: String(found.dropLast()))
            }
        }
        #expect(
            try expectFailure("true", ["--kernel", "/nowhere"], status: 69).contains(
                "apt-get install linux-image-cloud-amd64"))
        let modules = try expectFailure("true", ["--modules", "/nowhere"], status: 69)
        #expect(modules.contains("why: its modules are not in /nowhere, /nowhere/"), "\(modules)")
        #expect(modules.contains("with --modules"), "\(modules)")
        #expect(
            try expectFailure("true", status: 69, environment: ["DOCKERTOOLS_KERNEL": "/bin/true"])
                .contains("it is not a Linux kernel for x86-64"))
        // mke2fs is in /usr/sbin, which is only in root's PATH, and must be found without it.
        try link("mke2fs")
        #expect(try expectFailure("true", status: 69, environment: path).contains("apt-get install qemu-system-x86"))
        try bench.machine.spec(["name": "base", "contents": try bench.makeBusybox()], to: "base.json")
        try link("qemu-system-x86_64")
        #expect(
            try expectFailure("true", [], ["fromImage": "base.json"], status: 69, environment: path)
                .contains("apt-get install squashfs-tools"))
    }

    @Test("With --accel kvm a silent guest is an error; with auto the script runs under TCG, and the failure is cached")
    func silentKVM() throws {
        let spec: [String: Any] = ["contents": try bench.makeBusybox(), "runAsRoot": "echo made > /made"]
        let strict = try bench.build(spec, ["--accel", "kvm"])
        guard strict.status != 0 else {
            // A machine whose KVM boots guests needs no fallback.
            #expect(try bench.build(spec, ["--accel", "auto"]).status == 0)
            return
        }
        #expect(strict.status == 69)
        let isThere = FileManager.default.fileExists(atPath: "/dev/kvm")
        let cause = isThere ? "the guest did not boot under KVM: " : "/dev/kvm does not exist"
        #expect(strict.errors.contains(cause), "\(strict.errors)")
        let first = try Program.run(
            [Dockertools.path, "build", "spec.json", "-o", "out/image.tar"], environment: bench.machine.environment,
            in: bench.machine.directory.path)
        #expect(first.status == 0)
        #expect(
            first.errors.contains("warning: \(cause)")
                && first.errors.contains(": the script runs without KVM, several times slower"),
            "\(first.errors)")
        guard isThere else { return }
        let second = try Program.run(
            [Dockertools.path, "build", "spec.json", "-o", "out/image.tar"], environment: bench.machine.environment,
            in: bench.machine.directory.path)
        #expect(second.status == 0)
        #expect(second.errors.contains("no guest boots under KVM on this machine, as an earlier run found"))
    }
}
