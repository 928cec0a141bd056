import ByteIO
import Errors
import JSON
import MicroVM
import SystemPackage

/// What works on this machine of all that scripts need which are root, or believe so.
package struct DoctorReport: Sendable {
    private let checks: [DoctorCheck]
    /// What runAsRoot would run with; nil if it would not.
    package let runAsRoot: Accelerator?

    /// Looks for all of it, and starts an empty virtual machine with each accelerator that is asked for.
    package init(_ context: Context) async {
        let parts = VMPrerequisites(programPath: context.programPath, environment: context.environment)
        let settings = context.virtualMachines
        var checks = [
            await DoctorCheck.of("QEMU") { try await parts.qemu() },
            await DoctorCheck.of("kernel") { try parts.kernel(settings.kernel) },
            await DoctorCheck.of("guest program") { "\(try GuestProgram.find(beside: context.programDirectory))" },
            await DoctorCheck.of("sqfstar") { try await parts.sqfstar() },
            await DoctorCheck.of("mke2fs") { try await parts.mke2fs() },
            await DoctorCheck.of("/dev/kvm") { try parts.kvm() },
        ]
        var working: Accelerator?
        for accelerator in Self.order where settings.accelerator == .auto || settings.accelerator == accelerator {
            let check = await Self.start(accelerator, context)
            checks.append(check)
            if check.works { working = working ?? accelerator }
        }
        checks.append(
            await DoctorCheck.of("fakeRootCommands") {
                "\(try await RootEmulation.find(programPath: context.programPath))"
            })
        let mustBe = checks.prefix { $0.name != "/dev/kvm" }
        self.checks = checks
        runAsRoot = mustBe.allSatisfy(\.works) ? working : nil
    }

    /// The better one first.
    private static let order = [Accelerator.kvm, .tcg]

    private static func start(_ accelerator: Accelerator, _ context: Context) async -> DoctorCheck {
        var context = context
        context.virtualMachines.accelerator = accelerator
        let here = context
        let start = ContinuousClock.now
        var check = await DoctorCheck.of("a guest under \(accelerator == .kvm ? "KVM" : "TCG")") {
            let directory = try WorkDirectory(here)
            var work = VMJob()
            work.diskSize = smallDisk
            let outcome = try await here.virtualMachine().run(
                work, in: directory.path, output: { _ in }, warn: { _ in })
            if let failure = outcome.status.failure(of: work, log: outcome.log) { throw failure }
            return "starts, and ends"
        }
        if check.works { check.seconds = (ContinuousClock.now - start) / .seconds(1) }
        return check
    }

    /// MiB: as much as a file system takes for itself.
    private static let smallDisk = 16

    /// A table of the checks, and what comes of them.
    package var text: String {
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

    package var json: JSONValue {
        [
            "checks": .array(checks.map(\.json)), "runAsRoot": runAsRoot.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

/// One thing that was looked for, and what was found.
struct DoctorCheck: Sendable {
    let name: String
    let works: Bool
    /// What is there, or why nothing is.
    let detail: String
    /// What to do about it; nil where all is well.
    var fix: String?
    /// What a start took; nil for all else.
    var seconds: Double?

    /// Something that is there, or the failure that says why not.
    static func of(_ name: String, _ look: () async throws -> String) async -> DoctorCheck {
        do {
            return DoctorCheck(name: name, works: true, detail: try await look())
        } catch let failure as ToolError {
            return DoctorCheck(name: name, works: false, detail: failure.cause, fix: failure.remedy.description)
        } catch {
            return DoctorCheck(name: name, works: false, detail: "\(error)")
        }
    }

    var json: JSONValue {
        [
            "name": .string(name), "works": .bool(works), "detail": .string(detail),
            "fix": fix.map { .string($0) } ?? .null, "seconds": seconds.map { .double($0) } ?? .null,
        ]
    }
}
