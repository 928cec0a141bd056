import ArgumentParser
import DockerTools

/// `dockertools doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what runAsRoot and fakeRootCommands need on this machine.",
        discussion: """
            Looks for QEMU, a kernel with its modules, sqfstar, mke2fs and /dev/kvm, and starts an empty virtual machine with \
            each accelerator that there is; tells in which way fakeRootCommands would run. What is missing is named with the package that brings it. The exit code is 0 if \
            runAsRoot works here, and 69 if it does not.

            Example:
              dockertools doctor

            With --json it prints one object:
              {checks: [{name, works, detail, fix, seconds}], runAsRoot}, runAsRoot the accelerator that it would run with, or \
            null; fix and seconds are null where there are none.
            """)

    @Flag(help: "Print as JSON.")
    var json = false

    @OptionGroup(title: "Virtual machine") var machine: VMOptions

    func run() async throws {
        var context = Context.ofProcess
        context.virtualMachines = machine.settings
        let report = await DoctorReport(context)
        try Console.write(json ? report.json.canonical + "\n" : report.text)
        guard report.runAsRoot != nil else { throw ExitStatus.exit(.unavailable) }
    }
}
