import Foundation
import TestSupport
import Testing

@Suite("doctor")
struct DoctorTests {
    private func report(_ options: [String], environment: [String: String] = [:]) throws -> (Int32, DoctorReport) {
        let outcome = try Dockertools.run(["doctor", "--json"] + options, environment: environment)
        return (outcome.status, try outcome.decode(DoctorReport.self))
    }

    @Test("The doctor boots an empty machine, and reports its result and its time")
    func works() throws {
        let (status, report) = try report(["--accel", "tcg"])
        #expect(status == 0)
        #expect(report.runAsRoot == "tcg")
        for name in ["QEMU", "kernel", "guest program", "sqfstar", "mke2fs", "a guest under TCG", "fakeRootCommands"] {
            #expect(report[name]?.works == true, "\(name): \(report[name]?.detail ?? "")")
        }
        #expect(report["a guest under TCG"]?.seconds ?? 0 > 0)
        #expect(report["fakeRootCommands"]?.detail == "run as root")
        let text = try Dockertools.run(["doctor", "--accel", "tcg"]).text
        #expect(text.hasSuffix("runAsRoot works here, without KVM: several times slower\n"))
    }

    @Test("The doctor names what is missing, and how to install it")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let (status, report) = try report(
            ["--accel", "tcg", "--kernel", "/nowhere"], environment: ["PATH": directory.path])
        #expect(status == 69)
        #expect(report.runAsRoot == nil)
        #expect(report["QEMU"]?.fix == "install it: apt-get install qemu-system-x86")
        #expect(report["kernel"]?.fix?.contains("apt-get install linux-image-cloud-amd64") == true)
        #expect(report["sqfstar"]?.fix == "install it: apt-get install squashfs-tools")
        #expect(report["a guest under TCG"]?.works == false)
    }

    @Test("The doctor recognizes a kernel that only root can read, as Ubuntu installs it")
    func unreadableKernel() throws {
        let directory = try TemporaryDirectory()
        let script = #"cp "$(ls /boot/vmlinuz-* | tail -n 1)" "$0/kernel"; chmod 600 "$0/kernel"; chmod 755 "$0""#
        try Program.output(["bash", "-c", script, directory.path])
        // The program must be readable and executable for all users, wherever the checkout is.
        try Program.output(["install", "-m", "755", Dockertools.path, Dockertools.path + "-guest", directory.path])
        let command = ["setpriv", "--reuid=65534", "--clear-groups", directory.path("dockertools"), "doctor", "--json"]
        let outcome = try Program.run(
            command + ["--accel", "tcg", "--kernel", directory.path("kernel")], environment: ["HOME": "/nonexistent"],
            in: "/")
        #expect(outcome.status == 69)
        let kvm = try Program.run(
            command + ["--accel", "kvm"], environment: ["HOME": "/nonexistent"], in: "/")
        let permission = try kvm.decode(DoctorReport.self)["/dev/kvm"]
        // If all users may open it, there is nothing to report.
        if FileManager.default.fileExists(atPath: "/dev/kvm"), permission?.works == false {
            #expect(permission?.detail == "this user has no permission to use /dev/kvm")
            #expect(permission?.fix?.contains("usermod -a -G kvm") == true)
        }
        let report = try outcome.decode(DoctorReport.self)
        #expect(
            report["kernel"]?.fix?.contains("sudo chmod a+r \(directory.path("kernel"))") == true, "\(outcome.errors)")
    }
}
