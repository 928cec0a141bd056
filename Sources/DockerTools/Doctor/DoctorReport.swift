import Archives
import Failures
import MicroVM
import SystemPackage

/// What works on this machine of all that scripts need which are root, or believe so.
public struct DoctorReport: Sendable {
    private let checks: [DoctorCheck]
    /// What runAsRoot would run with; nil if it would not.
    public let runAsRoot: Accelerator?

    /// Looks for all of it, and starts an empty virtual machine with each accelerator that is asked for.
    public init(_ surroundings: Surroundings) async {
        let parts = VirtualMachineParts(programPath: surroundings.programPath, environment: surroundings.environment)
        let settings = surroundings.virtualMachines
        var checks = [
            await DoctorCheck.of("QEMU") { try await parts.qemu() },
            await DoctorCheck.of("kernel") { try parts.kernel(settings.kernel) },
            await DoctorCheck.of("guest program") { "\(try GuestProgram.find(beside: surroundings.programFolder))" },
            await DoctorCheck.of("sqfstar") { try await parts.sqfstar() },
            await DoctorCheck.of("mke2fs") { try await parts.mke2fs() },
            await DoctorCheck.of("/dev/kvm") { try parts.kvm() },
        ]
        var working: Accelerator?
        for accelerator in Self.order where settings.accelerator == .auto || settings.accelerator == accelerator {
            let check = await Self.start(accelerator, surroundings)
            checks.append(check)
            if check.works { working = working ?? accelerator }
        }
        checks.append(
            await DoctorCheck.of("fakeRootCommands") {
                try await BelievedRoot.find(programPath: surroundings.programPath).words
            })
        let mustBe = checks.prefix { $0.name != "/dev/kvm" }
        self.checks = checks
        runAsRoot = mustBe.allSatisfy(\.works) ? working : nil
    }

    /// The better one first.
    private static let order = [Accelerator.kvm, .tcg]

    private static func start(_ accelerator: Accelerator, _ surroundings: Surroundings) async -> DoctorCheck {
        var surroundings = surroundings
        surroundings.virtualMachines.accelerator = accelerator
        let here = surroundings
        let start = ContinuousClock.now
        var check = await DoctorCheck.of("a guest under \(accelerator == .kvm ? "KVM" : "TCG")") {
            let folder = try WorkFolder(here)
            var work = VirtualMachineWork()
            work.diskSize = smallDisk
            let outcome = try await here.virtualMachine().run(work, in: folder.path, output: { _ in }, warn: { _ in })
            if let failure = outcome.status.failure(of: work, log: outcome.log) { throw failure }
            return "starts, and ends"
        }
        if check.works { check.seconds = (ContinuousClock.now - start) / .seconds(1) }
        return check
    }

    /// MiB: as much as a file system takes for itself.
    private static let smallDisk = 16

    /// A table of the checks, and what comes of them.
    public var text: String {
        var table = TextTable([.init("PART"), .init("WORKS"), .init("WHAT IS THERE")])
        for check in checks {
            let time =
                check.seconds.map { " in \(Int(($0 * 10).rounded()) / 10).\(Int(($0 * 10).rounded()) % 10) s" } ?? ""
            table.add([check.name, check.works ? "yes" : "no", check.detail.onOneLine + time])
        }
        let fixes = checks.compactMap { check in check.fix.map { "fix for \(check.name): \($0.onOneLine)\n" } }.joined()
        let end =
            switch runAsRoot {
            case .kvm: "runAsRoot works here, with KVM\n"
            case .tcg: "runAsRoot works here, without KVM: several times slower\n"
            default: "runAsRoot does not work here\n"
            }
        return "\(table)\(fixes)\(end)"
    }

    public var json: JSONValue {
        [
            "checks": .array(checks.map(\.json)), "runAsRoot": runAsRoot.map { .string($0.rawValue) } ?? .null,
        ]
    }
}
