import Foundation
import TestSupport
import Testing

/// Builds images with runAsRoot in a virtual machine under TCG, QEMU's emulator, which works everywhere.
struct RunAsRootBench {
    let machine: TestMachine

    init() throws {
        machine = try TestMachine()
    }

    /// Makes a directory for contents with a static busybox and its links.
    func makeBusybox(in name: String = "busybox") throws -> String {
        let directory = machine.path(name)
        let script = #"""
            mkdir -p "$0/bin"; cp /bin/busybox "$0/bin"
            for applet in $(/bin/busybox --list); do test -e "$0/bin/$applet" || ln -s busybox "$0/bin/$applet"; done
            """#
        try Program.output(["bash", "-e", "-c", script, directory])
        return directory
    }

    /// Runs `build` on a spec.
    /// - Parameter spec: the keys of the spec, without name and tag.
    /// - Parameter spec: what it says besides name and tag.
    func build(
        _ spec: [String: Any], _ options: [String] = [], output: String = "out/image.tar",
        environment: [String: String] = [:]
    ) throws -> Program.Outcome {
        let all = ["tag": "1", "closure": NSNull()].merging(spec) { $1 }
        let path = try machine.spec(all, to: "spec.json")
        let accelerator = options.contains("--accel") ? [] : ["--accel", "tcg"]
        return try machine.run(
            ["build", path, "-o", output] + accelerator + options, environment: environment)
    }

    /// Runs `build`, which must succeed.
    ///
    /// - Returns: the path of the archive.
    func built(_ spec: [String: Any], _ options: [String] = [], output: String = "out/image.tar") throws -> String {
        let outcome = try build(spec, options, output: output)
        guard outcome.status == 0 else { throw Program.Failed(["build", "\(spec)"], outcome) }
        return machine.path(output)
    }

    /// The files of an archive's last layer, as `Tests/Peers/list_layer.py` lists them.
    static func layer(of archive: String) throws -> [String] {
        let script = "\(Dockertools.checkout)/Tests/Peers/list_layer.py"
        let text = String(decoding: try Program.output(["python3", script, archive, "-1"]), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }
}
