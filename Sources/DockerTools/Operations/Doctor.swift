import ByteIO
package import Errors
package import JSON
package import MicroVM
import SystemPackage

extension DockerTools {
    /// Checks the requirements of `runAsRoot` and `fakeRootCommands`, and boots an empty virtual machine with each accelerator
    /// of the settings.
    package func doctor() async -> DoctorReport {
        let parts = VMPrerequisites(programPath: context.programPath, environment: context.environment)
        let settings = context.virtualMachines
        return await withTaskExecutorPreference(BlockingExecutor.shared) {
            var checks = [
                await DoctorCheck.run("QEMU") { try await parts.qemu() },
                await DoctorCheck.run("kernel") { try parts.kernel(settings.kernel, modules: settings.modules) },
                await DoctorCheck.run("guest program") { "\(try GuestProgram.find(beside: context.programDirectory))" },
                await DoctorCheck.run("sqfstar") { try await parts.sqfstar() },
                await DoctorCheck.run("mke2fs") { try await parts.mke2fs() },
                await DoctorCheck.run("/dev/kvm") { try parts.kvm() },
            ]
            var accelerator: Accelerator?
            for candidate in [Accelerator.kvm, .tcg] where [.auto, candidate].contains(settings.accelerator) {
                let check = await bootCheck(candidate)
                checks.append(check)
                if check.works { accelerator = accelerator ?? candidate }
            }
            checks.append(
                await DoctorCheck.run("fakeRootCommands") {
                    "\(try await RootEmulation.find(programPath: context.programPath))"
                })
            let required = checks.prefix { $0.name != "/dev/kvm" }
            return DoctorReport(checks: checks, runAsRoot: required.allSatisfy(\.works) ? accelerator : nil)
        }
    }

    /// Boots an empty virtual machine.
    private func bootCheck(_ accelerator: Accelerator) async -> DoctorCheck {
        var context = context
        context.virtualMachines.accelerator = accelerator
        let start = ContinuousClock.now
        var check = await DoctorCheck.run("a guest under \(accelerator == .kvm ? "KVM" : "TCG")") { [context] in
            let directory = try WorkDirectory(context)
            var job = VMJob()
            job.diskSize = DoctorReport.smallDisk
            let outcome = try await context.virtualMachine().run(
                job, in: directory.path, output: { _ in }, warn: { _ in })
            if let failure = outcome.failure(of: job) { throw failure }
            return "boots and shuts down"
        }
        if check.works { check.seconds = (ContinuousClock.now - start) / .seconds(1) }
        return check
    }
}

/// The checks of the requirements of `runAsRoot` and `fakeRootCommands`.
package struct DoctorReport: Sendable {
    fileprivate let checks: [DoctorCheck]
    /// The accelerator that `runAsRoot` uses; nil if it does not work.
    package let runAsRoot: Accelerator?

    /// The disk size of the empty virtual machine in MiB: ext4 needs as much for itself.
    fileprivate static let smallDisk = 16

    /// A table of the checks, the remedies, and a summary.
    ///
    /// - Parameter name: the name of a setting: a command line writes the name of a flag.
    package func text(naming name: (Setting) -> String) -> String {
        var table = TextTable([.init("PART"), .init("WORKS"), .init("WHAT IS THERE")])
        for check in checks {
            let time =
                check.seconds.map { " in \(Int(($0 * 10).rounded()) / 10).\(Int(($0 * 10).rounded()) % 10) s" } ?? ""
            table.add([check.name, check.works ? "yes" : "no", check.detail.onOneLine + time])
        }
        let fixes = checks.compactMap { check in
            check.fix.map { "fix for \(check.name): \($0.text(naming: name).onOneLine)\n" }
        }.joined()
        let end =
            switch runAsRoot {
            case .kvm: "runAsRoot works here, with KVM\n"
            case .tcg: "runAsRoot works here, without KVM: several times slower\n"
            default: "runAsRoot does not work here\n"
            }
        return "\(table)\(fixes)\(end)"
    }

    /// The object `{checks: [{name, works, detail, fix, seconds}], runAsRoot}`.
    ///
    /// - Parameter name: the name of a setting: a command line writes the name of a flag.
    package func json(naming name: (Setting) -> String) -> JSONValue {
        [
            "checks": .array(checks.map { $0.json(naming: name) }),
            "runAsRoot": runAsRoot.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

/// The check of one requirement.
struct DoctorCheck: Sendable {
    let name: String
    let works: Bool
    /// A description of the part, or the reason why it does not work.
    let detail: String
    /// The remedy; nil if the part works.
    var fix: Remedy?
    /// The duration of a boot in seconds; nil for other checks.
    var seconds: Double?

    /// Runs a check, which returns a description of the part or throws.
    static func run(_ name: String, _ look: () async throws -> String) async -> DoctorCheck {
        do {
            return DoctorCheck(name: name, works: true, detail: try await look())
        } catch let failure as ToolError {
            return DoctorCheck(name: name, works: false, detail: failure.cause, fix: failure.remedy)
        } catch {
            return DoctorCheck(name: name, works: false, detail: "\(error)")
        }
    }

    func json(naming name: (Setting) -> String) -> JSONValue {
        [
            "name": .string(self.name), "works": .bool(works), "detail": .string(detail),
            "fix": fix.map { .string($0.text(naming: name)) } ?? .null, "seconds": seconds.map { .double($0) } ?? .null,
        ]
    }
}
