import ArgumentParser
import DockerTools
import Errors
import JSON

/// `dockertools doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the requirements of runAsRoot and fakeRootCommands.",
        discussion: """
            Looks for QEMU, a kernel with its modules, sqfstar, mke2fs and /dev/kvm, and boots an empty virtual machine with \
            each accelerator; prints the method that fakeRootCommands would use. A missing part is printed with the package \
            that contains it. The exit code is 0 if runAsRoot works, and 69 if it does not.

            Example:
              dockertools doctor

            With --json it prints one object:
              {checks: [{name, works, detail, fix, seconds}], runAsRoot}
            runAsRoot is the accelerator that it uses, or null; fix is null if the part works, seconds if nothing was booted.
            """)

    @Flag(help: "Print as JSON.")
    var json = false

    @OptionGroup(title: "Virtual machine") var machine: VMOptions

    func run() async throws {
        var context = ProcessSetup.context(SilentReporter())
        context.virtualMachines = machine.settings
        let report = await DockerTools(context: context).doctor()
        try Console.write(
            json ? report.json(naming: \.flag).canonical + "\n" : report.text(naming: \.flag))
        guard report.runAsRoot != nil else { throw ExitStatus.exit(.unavailable) }
    }
}
