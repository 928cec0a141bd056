import ByteIO
import Errors
import Glibc
import Images
import Store
import SystemPackage
import Tar

/// Runs `fakeRootCommands`, in the directory of the customization layer or with the image as `/`.
struct FakeRootCommands: LayerScript {
    static let key = "fakeRootCommands"

    let build: BuildContext
    /// The store paths of the image.
    let storePaths: [StorePath]

    var text: String { spec.fakeRootCommands }

    private var spec: ImageSpec { build.spec }
    private var context: Context { build.context }

    /// - Parameter tree: the files of the layer, placed over the root file system of the base.
    func run(on tree: FileTree) async throws -> SpooledLayer {
        if !spec.enableFakechroot { try checkInterpreter() }
        let emulation = try await RootEmulation.find(programPath: context.programPath)
        let inRoot = spec.enableFakechroot
        if inRoot { try await emulation.checkMounting(programPath: context.programPath) }
        let work = try WorkDirectory(context)
        try write(tree, to: work, inRoot: inRoot)
        if inRoot { try writeRoot(to: work, devices: emulation.makesDevices) }
        do {
            try await script(emulation, work).run(in: work.path, work: work, context: context) {
                [reporter = context.reporter] in reporter.scriptOutput($0)
            }
        } catch let error as ToolError where error.code == .script {
            throw sessionError(error, in: work)
        }
        let after = try OpenFile.read(work.path.appending(FakeRootSession.after), name: "the layer of \(Self.key)")
        let entries = SessionEntries(
            rootfs: build.rootfs, before: tree, isOverlay: inRoot, isFakeroot: emulation.method == .fakeroot)
        return try await layer(of: after.whole, addsStorePaths: false, entries: entries.corrected)
    }

    /// The script with its session.
    private func script(_ emulation: RootEmulation, _ work: WorkDirectory) throws -> Script {
        func session(_ name: String) -> [String] {
            ["bash", work.path.appending(name).string, work.path.string, owner, mode]
        }
        var script = script(session: session("session"))
        if emulation.method == .namespace {
            script.mapCommands = try SubordinateIDs.mapCommands(programPath: context.programPath)
        }
        if spec.enableFakechroot {
            script.session += [Self.overlayOptions(emulation), spec.storeLocation.storeDir]
            let file = "/dev/fakeRootCommands"
            script.root = Script.Root(
                directory: work.path.appending("root"),
                command: text.hasPrefix("#!") ? [file] : ["/bin/sh", "-e", file],
                environment: build.environmentOfRoot, last: session("afterRoot"))
        } else {
            script.session = emulation.command + script.session
        }
        script.visible = storePaths.map { spec.storeLocation.machinePath(of: $0).removingLastComponent() }
        return script
    }

    /// Checks that the interpreter of the script exists: from the session, the error would look like the script's own
    /// output.
    private func checkInterpreter() throws {
        guard text.hasPrefix("#!"),
            let name = text.dropFirst(2).prefix(while: { $0 != "\n" }).split(separator: " ").first,
            access(String(name), X_OK) != 0
        else { return }
        let cause = "its first line names \(name): \(Errno.current)"
        throw ToolError(.script, "cannot run \(Self.key)", cause: cause, remedy: "check the script's first line")
    }

    /// The owner of the root directory that the script finds, as stat(1) prints it.
    private var owner: String { root.map { "\($0.attributes.uid):\($0.attributes.gid)" } ?? "0:0" }
    private var mode: String { String(root?.mode ?? TreeMerger.directoryMode, radix: 8) }
    private var root: RootfsEntry? { build.rootfs?.entry(.root) }

    /// No redirections: a directory of the base that is renamed has to be in the layer as a whole.
    private static func overlayOptions(_ emulation: RootEmulation) -> String {
        emulation.method == .root && RootEmulation.isInInitialNamespace
            ? "redirect_dir=off,metacopy=off,index=off,xino=off" : "userxattr"
    }

    /// Writes the session and the files of the layer.
    private func write(_ tree: FileTree, to work: WorkDirectory, inRoot: Bool) throws {
        _ = try work.makeDirectory(FakeRootSession.layer)
        try work.write(FakeRootSession.before) {
            try FileLayer(
                title: CustomizationLayer.title, parts: [.init(.tree(tree), at: "")], owner: spec.owner
            ).open().write(to: $0)
        }
        if inRoot { try work.write("afterRoot") { try $0.write(Array(FakeRootSession.afterRoot.utf8)) } }
        try work.write("session") {
            try $0.write(Array((inRoot ? FakeRootSession.inRoot : FakeRootSession.inDirectory).utf8))
        }
    }

    /// Writes what the session needs to build the image's root: the base and the store paths.
    private func writeRoot(to work: WorkDirectory, devices: Bool) throws {
        try work.write("base.tar") { [rootfs = build.rootfs ?? RootFilesystem()] in
            _ = try RootfsWriter.write(rootfs, form: devices ? .portable : .withoutDevices, to: $0)
        }
        let mounts = storePaths.flatMap { [$0.path, spec.storeLocation.machinePath(of: $0).string] }
        try work.write("store") { try $0.write(Self.list(mounts)) }
    }

    /// The texts, each followed by a NUL.
    private static func list(_ texts: [String]) -> [UInt8] { texts.flatMap { Array($0.utf8) + [0] } }

    /// The error of a session, by the stage that it reached. In the stage of the script it has the script's status.
    private func sessionError(_ error: ToolError, in work: WorkDirectory) -> ToolError {
        let stage = try? SmallFile.text(work.path.appending(FakeRootSession.stage))
        guard stage == "\(FakeRootSession.running)\n" else {
            let message =
                stage == nil
                ? "cannot prepare the files that \(Self.key) works on" : "cannot pack the files of \(Self.key)"
            return ToolError(
                stage == nil ? .unavailable : .io, message, cause: error.cause,
                remedy: spec.enableFakechroot
                    ? "set TMPDIR to a directory on a disk, or run as root; the last lines of the cause say more"
                    : "correct what the last lines of the cause name")
        }
        guard let line = error.cause.split(separator: "\n").last, line.contains("cannot run /")
        else {
            return error
        }
        return ToolError(
            .script, "cannot run \(Self.key)", cause: "the image has no such interpreter: \(line.drop { $0 == " " })",
            remedy:
                "add a shell to the image as /bin/sh, or begin the script with a #! line that names one of its store"
        )
    }
}

extension SmallFile {
    /// The text of a file of the kernel, or of another short file, up to 64 KiB.
    static func text(_ path: FilePath) throws -> String {
        String(decoding: try read(path, limit: 1 << 16), as: UTF8.self)
    }
}
