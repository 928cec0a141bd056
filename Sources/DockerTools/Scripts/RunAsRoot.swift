import ByteIO
import Errors
import Glibc
import GuestProtocol
import Images
import MicroVM
import OCI
import Store
import SystemPackage

/// Runs a spec's scripts as root, in a virtual machine that has the base image, the closure, and the contents.
struct RunAsRoot {
    static let key = "runAsRoot"

    let spec: ImageSpec
    let base: BaseImage?
    /// What the base comes to; nil without one.
    let flattened: RootfsOfImage?
    let context: Context
    let reporter: any Reporter

    /// - Parameter contents: what the layer holds before the scripts run, in the base's directories as they are.
    /// - Returns: the layer's tar, which nobody has checked.
    /// - Throws: `ToolError` with code `script` for a script that failed, `unavailable` for what a virtual machine needs and
    ///   this machine has not.
    func run(on contents: FileTree) async throws -> FileRange {
        let machine = try context.virtualMachine()
        let directory = try WorkDirectory(context)
        var work = VMJob()
        work.memory = spec.buildVMMemorySize
        work.diskSize = spec.diskSize
        work.environment = spec.environmentOfRoot(on: base)
        work.scripts = [(GuestStep(key: Self.key, place: .root), spec.runAsRoot)]
        if !spec.extraCommands.isEmpty {
            work.scripts.append((GuestStep(key: "extraCommands", place: .layer), spec.extraCommands))
        }
        if contents.entries.count > 1 { work.contents = try write(contents, in: directory) }
        if let store = try await store(of: contents, in: directory) {
            work.lowers.append(store)
            work.storeDir = spec.storeLocation.storeDir
        }
        let images = RootfsImage(context: context, reporter: reporter)
        if let flattened { work.lowers.append(try await images.file(of: flattened, in: directory)) }
        let outcome = try await machine.run(
            work, in: directory.path, output: { [reporter] in reporter.scriptOutput($0) }, warn: reporter.warn)
        if let failure = outcome.status.failure(of: work, log: outcome.log) { throw failure }
        guard let layer = outcome.layer else {
            throw ToolError(
                .unavailable, "cannot run the virtual machine", cause: "it gave no layer back",
                remedy: "report this as a bug")
        }
        return layer
    }

    private func write(_ contents: FileTree, in directory: WorkDirectory) throws -> FilePath {
        try directory.write("contents.tar") {
            try FileLayer(title: "contents", parts: [FileLayer.Part(.tree(contents), at: "")], owner: spec.owner)
                .open().write(to: $0)
        }
    }

    /// The file system of the store paths that the layer needs and the base has not; nil if there are none.
    private func store(of contents: FileTree, in directory: WorkDirectory) async throws -> FilePath? {
        let closure = try await ClosureSearch(spec).closure(of: contents, reporter: reporter)
        let paths = closure.nodes.map(\.path)
            .filter { flattened?.tree.find(Array($0.path.utf8), followsLast: false) == nil }
        guard !paths.isEmpty else { return nil }
        let layer = FileLayer(store: spec.storeLocation, paths: paths, owner: spec.owner, cache: nil)
        let image = try RootfsOfImage([layer], spool: context.spool, needsBodies: true)
        return try await RootfsImage(context: context, reporter: reporter)
            .make(image.tree, "store.squashfs", in: directory)
    }
}

extension Context {
    /// A virtual machine, as far as all that it needs is there.
    func virtualMachine() throws -> VirtualMachine {
        VirtualMachine(
            virtualMachines, kernel: try GuestKernel.find(virtualMachines.kernel, environment: environment),
            guest: try GuestProgram.find(beside: programDirectory), programPath: programPath,
            kvmFailures: KVMFailureCache(directory: cacheDirectory), groups: processGroups)
    }
}

/// The file system of a base image as a squashfs, which a virtual machine has for its lower disk. It is made once for each
/// chain of layers, and kept in the cache.
struct RootfsImage {
    let context: Context
    let reporter: any Reporter

    /// - Parameter work: where it lies if there is no cache.
    /// - Throws: `ToolError` with code `data` if a layer is not what its image says.
    func file(of image: RootfsOfImage, in work: WorkDirectory) async throws -> FilePath {
        let diffIDs = try image.layers.map { try $0.open().diffID() }
        guard let cache = context.cacheDirectory, let chainID = try ChainID.all(diffIDs).last else {
            return try await make(image.tree, "base.squashfs", in: work)
        }
        let file = RootfsImageCache.file(chainID, in: cache)
        if Self.isWhole(file) {
            // The time of its last use is what it is pruned by.
            file.withPlatformString { _ = utimensat(AT_FDCWD, $0, nil, 0) }
            return file
        }
        guard RootfsImageCache.directory(in: cache).makeDirectories() else {
            return try await make(image.tree, "base.squashfs", in: work)
        }
        reporter.note(
            "making the virtual machine's disk of the base image, \(ByteCount(image.size)): once for each base")
        // It is kept under the name of what the layers are said to be: so they have to be that.
        let verification = image.beginVerifying()
        let partial = PartialFile(beside: file)
        guard partial.descriptor >= 0 else { throw ToolError.io("cannot write \(file)") }
        defer { close(partial.descriptor) }
        do {
            try await sqfstar.make(image.tree, in: partial.path)
            try verification.finish()
            guard fsync(partial.descriptor) == 0,
                partial.path.withPlatformString({ old in file.withPlatformString { rename(old, $0) } }) == 0
            else { throw ToolError.io("cannot write \(file)") }
        } catch {
            partial.path.withPlatformString { _ = unlink($0) }
            Cleanup.shared.remove(file: partial.path)
            throw error
        }
        Cleanup.shared.remove(file: partial.path)
        return file
    }

    /// Makes the file system of a tree that is not kept.
    func make(_ tree: RootFilesystem, _ name: String, in work: WorkDirectory) async throws -> FilePath {
        let file = try work.write(name) { _ in }
        try await sqfstar.make(tree, in: file)
        return file
    }

    /// It is made while somebody waits, and read by a processor that may be a slow one.
    private var sqfstar: Sqfstar {
        Sqfstar(context: context, reporter: reporter, compressor: .lz4)
    }

    /// Whether a file is there and as long as its head says.
    ///
    /// Source: `squashfs_fs.h` of squashfs-tools: the magic number, and at 40 the bytes used.
    private static func isWhole(_ file: FilePath) -> Bool {
        guard let head = try? SmallFile.read(file, limit: 95), head.count == 96, head.starts(with: Array("hsqs".utf8))
        else {
            return false
        }
        let used = head[40..<48].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var status = stat()
        return file.withPlatformString { stat($0, &status) } == 0 && UInt64(status.st_size) >= used
    }
}
