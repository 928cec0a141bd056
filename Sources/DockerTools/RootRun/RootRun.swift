import Archives
import Failures
import GuestProtocol
import Images
import MicroVM
import Store
import SystemPackage

/// Runs a spec's scripts as root, in a virtual machine that has the base image, the closure, and the contents.
struct RootRun {
    static let key = "runAsRoot"

    let spec: ImageSpec
    let base: BaseImage?
    /// What the base comes to; nil without one.
    let flattened: FlattenedImage?
    let surroundings: Surroundings
    let reporter: any Reporter

    /// - Parameter contents: what the layer holds before the scripts run, in the base's folders as they are.
    /// - Returns: the layer's tar, which nobody has checked.
    /// - Throws: `Failure` with code `script` for a script that failed, `unavailable` for what a virtual machine needs and
    ///   this machine has not.
    func run(on contents: FileTree) async throws -> FileRange {
        let machine = try surroundings.virtualMachine()
        let folder = try WorkFolder(surroundings)
        var work = VirtualMachineWork()
        work.memory = spec.buildVMMemorySize
        work.diskSize = spec.diskSize
        work.environment = spec.environmentOfRoot(on: base)
        work.scripts = [(GuestStep(key: Self.key, place: .root), spec.runAsRoot)]
        if !spec.extraCommands.isEmpty {
            work.scripts.append((GuestStep(key: "extraCommands", place: .layer), spec.extraCommands))
        }
        if contents.entries.count > 1 { work.contents = try write(contents, in: folder) }
        if let store = try await store(of: contents, in: folder) {
            work.lowers.append(store)
            work.storeDir = spec.storeLocation.storeDir
        }
        let images = LowerImage(surroundings: surroundings, reporter: reporter)
        if let flattened { work.lowers.append(try await images.file(of: flattened, in: folder)) }
        let outcome = try await machine.run(
            work, in: folder.path, output: { [reporter] in reporter.scriptOutput($0) }, warn: reporter.warn)
        if let failure = outcome.status.failure(of: work, log: outcome.log) { throw failure }
        guard let layer = outcome.layer else {
            throw Failure(
                .unavailable, "cannot run the virtual machine", why: "it gave no layer back",
                advice: "report this as a bug")
        }
        return layer
    }

    private func write(_ contents: FileTree, in folder: WorkFolder) throws -> FilePath {
        try folder.write("contents.tar") {
            try FileLayer(title: "contents", parts: [FileLayer.Part(.tree(contents), at: "")], owner: spec.owner)
                .open().write(to: $0)
        }
    }

    /// The file system of the store paths that the layer needs and the base has not; nil if there are none.
    private func store(of contents: FileTree, in folder: WorkFolder) async throws -> FilePath? {
        let closure = try await ClosureSearch(spec).closure(of: contents, reporter: reporter)
        let paths = closure.nodes.map(\.path)
            .filter { flattened?.tree.find(Array($0.path.utf8), followsLast: false) == nil }
        guard !paths.isEmpty else { return nil }
        let layer = FileLayer(store: spec.storeLocation, paths: paths, owner: spec.owner, cache: nil)
        let image = try FlattenedImage([layer], spool: surroundings.spool, needsBodies: true)
        return try await LowerImage(surroundings: surroundings, reporter: reporter)
            .make(image.tree, "store.squashfs", in: folder)
    }
}

extension Surroundings {
    /// A virtual machine, as far as all that it needs is there.
    func virtualMachine() throws -> VirtualMachine {
        VirtualMachine(
            virtualMachines, kernel: try GuestKernel(virtualMachines.kernel, environment: environment),
            guest: try GuestProgram.find(beside: programFolder), programPath: programPath,
            notes: KVMNotes(folder: cacheFolder), groups: processGroups)
    }
}
