import ByteIO
import Errors
import Glibc
import Images
import MicroVM
import Store
import SystemPackage

/// Runs a spec's `fakeRootCommands`, in the directory of the last layer or with the image as `/`.
struct FakeRootCommands {
    static let key = "fakeRootCommands"

    let spec: ImageSpec
    let base: BaseImage?
    /// What the base comes to; nil without one.
    let flattened: ImageRootfs?
    /// What the image has of the store.
    let storePaths: [StorePath]
    let context: Context
    let reporter: any Reporter

    /// - Parameter tree: what the layer holds before the commands run, in the base's directories as they are.
    /// - Returns: the layer.
    /// - Throws: `ToolError` with code `script` for a script that failed, `unavailable` for what it needs and this machine has
    ///   not.
    func run(on tree: FileTree, title: String) async throws -> SpooledLayer {
        if !spec.enableFakechroot { try checkInterpreter() }
        let root = try await RootEmulation.find(programPath: context.programPath)
        let inRoot = spec.enableFakechroot ? try await root.mounting(programPath: context.programPath) : nil
        let work = try WorkDirectory(context)
        _ = try work.makeDirectory(FakeRootSession.layer)
        try work.write(FakeRootSession.before) {
            try FileLayer(title: title, parts: [.init(.tree(tree), at: "")], owner: spec.owner).open().write(to: $0)
        }
        try work.write("session") {
            try $0.write(Array((inRoot == nil ? FakeRootSession.inDirectory : FakeRootSession.inRoot).utf8))
        }
        var session =
            (inRoot ?? root.command) + ["bash", work.path.appending("session").string, work.path.string, owner, mode]
        if inRoot != nil {
            try prepareRoot(in: work, devices: root.makesDevices)
            session += [Self.overlayOptions(root), spec.storeLocation.storeDir]
        }
        var script = Script(key: Self.key, text: spec.fakeRootCommands, modified: spec.mtime)
        script.session = session
        do {
            try await script.run(in: work.path, work: work, path: context.programPath) {
                reporter.scriptOutput($0)
            }
        } catch let failure as ToolError where failure.code == .script {
            throw self.failure(failure, in: work)
        }
        let after = try OpenFile.read(work.path.appending(FakeRootSession.after), name: "the layer of \(Self.key)")
        let entries = SessionEntries(
            base: flattened?.tree, before: tree, isOverlay: inRoot != nil, isFakeroot: root.way == .fakeroot)
        return try await ScriptLayer(spec: spec, base: flattened?.tree, context: context, reporter: reporter)
            .make(after.whole, key: Self.key, title: title, bringsStorePaths: false, entries: entries.corrected)
    }

    /// What a session tells of it would be taken for the script's own words.
    private func checkInterpreter() throws {
        guard spec.fakeRootCommands.hasPrefix("#!"),
            let name = spec.fakeRootCommands.dropFirst(2).prefix(while: { $0 != "\n" }).split(separator: " ").first,
            access(String(name), X_OK) != 0
        else { return }
        let cause = "its first line names \(name): \(Errno.current)"
        throw ToolError(.script, "cannot run \(Self.key)", cause: cause, remedy: "check the script's first line")
    }

    /// What the root of the image is like that the script finds, as stat(1) tells it.
    private var owner: String { root.map { "\($0.attributes.uid):\($0.attributes.gid)" } ?? "0:0" }
    private var mode: String { String(root?.mode ?? TreeMerger.directoryMode, radix: 8) }
    private var root: RootfsEntry? { flattened?.tree.entry(.root) }

    /// No redirections: a directory of the base that is renamed has to be in the layer whole.
    private static func overlayOptions(_ root: RootEmulation) -> String {
        root.way == .root && RootEmulation.ownsMachine
            ? "redirect_dir=off,metacopy=off,index=off,xino=off" : "userxattr"
    }

    /// Writes what the session makes the image's root of.
    private func prepareRoot(in work: WorkDirectory, devices: Bool) throws {
        try work.write("base.tar") { [tree = flattened?.tree ?? RootFilesystem()] in
            _ = try RootfsWriter.write(tree, form: devices ? .portable : .withoutDevices, to: $0)
        }
        let mounts = storePaths.flatMap { [$0.path, spec.storeLocation.machinePath(of: $0).string] }
        try work.write("store") { try $0.write(Self.list(mounts)) }
        try work.write("environment") { try $0.write(Self.list(spec.environmentOfRoot(on: base))) }
    }

    /// Texts with a NUL behind each.
    private static func list(_ texts: [String]) -> [UInt8] { texts.flatMap { Array($0.utf8) + [0] } }

    /// The error of a session, which has the script's status if it came so far.
    private func failure(_ failure: ToolError, in work: WorkDirectory) -> ToolError {
        let stage = try? SmallFile.text(work.path.appending(FakeRootSession.stage))
        guard stage == "\(FakeRootSession.running)\n" else {
            let what =
                stage == nil
                ? "cannot prepare the files that \(Self.key) works on" : "cannot pack what \(Self.key) left"
            return ToolError(
                stage == nil ? .unavailable : .io, what, cause: failure.cause,
                remedy: spec.enableFakechroot
                    ? "let TMPDIR be a directory on a disk, or run as root; see what the last lines tell"
                    : "see what the last lines tell")
        }
        guard let line = failure.cause.split(separator: "\n").last, line.contains("chroot: failed to run command")
        else {
            return failure
        }
        return ToolError(
            .script, "cannot run \(Self.key)", cause: "the image has no such interpreter: \(line.drop { $0 == " " })",
            remedy:
                "bring a shell into the image as /bin/sh, or begin the script with a #! line that names one of its store"
        )
    }
}

extension SmallFile {
    /// The text of a file of the kernel's, or of a few words.
    static func text(_ path: FilePath) throws -> String {
        String(decoding: try read(path, limit: 1 << 16), as: UTF8.self)
    }
}
