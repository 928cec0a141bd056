import Foundation
import TestSupport
import Testing

/// Tests of runAsRoot under a KVM that works, on any machine.
@Suite("runAsRoot under KVM")
struct WorkingKVMTests {
    /// The longest silence of a guest in seconds, since an emulated machine on a busy one takes its time.
    private static let limit = 1000

    @Test("With a KVM that works the doctor finds it, and --accel auto runs the script under it, without a warning")
    func worksUnderKVM() throws {
        let options = "--vm-cpus 1 --vm-boot-timeout \(Self.limit)"
        let spec = try JSONSerialization.data(
            withJSONObject: [
                "name": "image", "tag": "1", "contents": ["/tmp/root"], "compressor": "none", "closure": NSNull(),
                "runAsRoot": "dmesg | grep -o 'Hypervisor detected: .*' | tee /hypervisor",
            ])
        let machine = try KVMMachine(
            running: """
                export DOCKERTOOLS=\(Dockertools.path) XDG_CACHE_HOME=/tmp/cache SOURCE_DATE_EPOCH=1
                mkdir -p root/bin; cp -P /bin/busybox root/bin; for name in sh dmesg grep tee; do ln -s busybox root/bin/$name; done
                "$DOCKERTOOLS" doctor --accel kvm --json \(options) > /results/doctor
                cat > spec.json <<'END'
                \(String(decoding: spec, as: UTF8.self))
                END
                "$DOCKERTOOLS" build spec.json --accel auto \(options) -o /results/image.tar 2> /results/build
                """)
        let build = try machine.result("build")
        let log = try machine.result("log")
        #expect(try machine.result("status") == "0\n", "\(build)\(log)")
        let doctor = try JSONDecoder().decode(DoctorReport.self, from: Data(machine.result("doctor").utf8))
        #expect(doctor.runAsRoot == "kvm")
        #expect(doctor["/dev/kvm"]?.works == true)
        #expect(doctor["a guest under KVM"]?.works == true, "\(doctor["a guest under KVM"]?.detail ?? "")")
        #expect(build.contains("Hypervisor detected: KVM\n"))
        #expect(!build.contains("warning"), "\(build)")
        let files = try RunAsRootBench.layer(of: machine.resultPath("image.tar"))
        #expect(files.contains { $0.contains("hypervisor") }, "\(files)")
    }
}
