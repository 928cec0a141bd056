import Errors
import GuestProtocol
import Testing

@testable import MicroVM

@Suite("The error of a guest's status")
struct GuestStatusFailureTests {
    private let job: VMJob

    init() {
        var job = VMJob()
        job.scripts = [(GuestStep(key: "runAsRoot", place: .root), "true\nfoo bar\n")]
        self.job = job
    }

    private func failure(
        _ result: GuestStatus.Result, log: [String] = [], hasNetwork: Bool = false,
        _ change: (inout GuestStatus) -> Void = { _ in }
    ) -> ToolError? {
        var status = GuestStatus(result)
        status.key = "runAsRoot"
        change(&status)
        return status.failure(of: job, log: log, hasNetwork: hasNetwork)
    }

    @Test("is nil if all scripts succeeded")
    func success() { #expect(failure(.exited(0)) == nil) }

    @Test("has the status, the last lines and the script's line that the shell reports")
    func status() {
        #expect(
            failure(.exited(3), log: ["a", "b"])
                == ToolError(
                    .script, "runAsRoot failed", cause: "it ended with status 3; its last lines:\n    a\n    b",
                    remedy: "correct runAsRoot in the spec"))
        for line in [
            "/dev/dockertools/runAsRoot: 2: foo: not found", "/dev/dockertools/runAsRoot: line 2: foo: not found",
        ] {
            #expect(failure(.exited(127), log: [line])?.cause.hasSuffix("\n    line 2 of the script: foo bar") == true)
        }
        #expect(
            failure(.exited(1), log: ["/dev/dockertools/runAsRoot: 9: x"])?.cause.contains("of the script") == false)
    }

    @Test("names the setting that gives a network, if the script failed for want of one")
    func network() {
        let messages = [
            "curl: (6) Could not resolve host: example.com", "wget: bad address 'example.com'",
            "Err:1 http://deb.debian.org/debian bookworm InRelease\n  Temporary failure resolving 'deb.debian.org'",
            "ping: sendto: Network is unreachable", "WARNING: fetching https://a/b: temporary error (try again later)",
            "npm error code EAI_AGAIN", "dial tcp: lookup proxy.golang.org: no such host",
        ]
        for message in messages {
            let failure = failure(.exited(1), log: [message, "gave up"])
            #expect(
                failure?.remedy.description == "set vmNetwork: without it runAsRoot has no network", "\(message)")
            #expect(
                self.failure(.exited(1), log: [message], hasNetwork: true)?.remedy == "correct runAsRoot in the spec")
        }
        #expect(failure(.exited(1), log: ["cat: /x: Bad address"])?.remedy == "correct runAsRoot in the spec")
    }

    @Test("mentions the network for a silent script that may need one", arguments: ["curl -sf $URL", "a https://b/c"])
    func silentDownload(text: String) {
        var job = VMJob()
        job.scripts = [(GuestStep(key: "runAsRoot", place: .root), text)]
        var status = GuestStatus(.exited(6))
        status.key = "runAsRoot"
        let remedy = status.failure(of: job, log: [], hasNetwork: false)?.remedy.description
        #expect(remedy?.hasPrefix("correct runAsRoot in the spec; if it needs the network, set vmNetwork") == true)
    }

    @Test("names the limit that was reached and the setting")
    func limits() {
        let memory = failure(.signaled(9)) { $0.isOutOfMemory = true }
        #expect(memory?.cause == "the virtual machine's 512 MiB of memory were not enough")
        #expect(memory?.remedy.description.contains("buildVMMemorySize = 1024") == true)
        let processes = failure(.signaled(9)) { $0.isOutOfProcesses = true }
        #expect(processes?.cause == "it started more than 1024 processes at a time")
        let disk = failure(.exited(1)) { $0.leastRoom = 4096 }
        #expect(disk?.cause == "the virtual machine's disk of 1024 MiB is full")
        #expect(disk?.remedy.description.contains("diskSize = 2048") == true)
        for failure in [memory, processes, disk] { #expect(failure?.code == .script) }
    }

    @Test(
        "names the interpreter that the image lacks",
        arguments: [
            ("true", "/bin/sh"), ("#!/usr/bin/env python3\n", "/usr/bin/env"), ("#! /opt/x -e\n", "/opt/x"),
        ])
    func interpreter(text: String, name: String) {
        var job = VMJob()
        job.scripts = [(GuestStep(key: "runAsRoot", place: .root), text)]
        var status = GuestStatus(.notStarted(2))
        status.key = "runAsRoot"
        let failure = status.failure(of: job, log: [], hasNetwork: false)
        #expect(failure?.code == .script)
        #expect(failure?.cause == "the image does not have '\(name)', or lacks its loader")
    }
}
