import Errors
import GuestProtocol
import Images
import MicroVM
import Store
import SystemPackage

/// Runs `runAsRoot` and `extraCommands` as root in a virtual machine, over the base image, the closure and the
/// contents.
struct RunAsRoot: LayerScript {
    static let key = "runAsRoot"

    let build: BuildContext

    var text: String { spec.runAsRoot.replacing(ShadowSetup.name, with: ShadowSetup.text) }

    private var spec: ImageSpec { build.spec }
    private var context: Context { build.context }

    /// - Parameter tree: the files of the layer, placed over the root file system of the base.
    func run(on tree: FileTree) async throws -> SpooledLayer {
        let machine = try context.virtualMachine()
        let directory = try WorkDirectory(context)
        let job = try await job(on: tree, in: directory)
        let reporter = context.reporter
        let outcome = try await machine.run(
            job, in: directory.path, output: { reporter.scriptOutput($0) }, warn: reporter.warn)
        if let error = outcome.failure(of: job) { throw error }
        guard let tar = outcome.layer else {
            throw ToolError(
                .unavailable, "cannot run the virtual machine", cause: "it returned no layer",
                remedy: "report this as a bug")
        }
        return try await layer(of: tar, addsStorePaths: true)
    }

    private func job(on tree: FileTree, in directory: WorkDirectory) async throws -> VMJob {
        var job = VMJob()
        job.memory = spec.buildVMMemorySize
        job.diskSize = spec.diskSize
        job.environment = build.environmentOfRoot
        job.scripts = [(GuestStep(key: Self.key, place: .root), text)]
        if !spec.extraCommands.isEmpty {
            job.scripts.append((GuestStep(key: ExtraCommands.key, place: .layer), spec.extraCommands))
        }
        if tree.entries.count > 1 { job.contents = try write(tree, in: directory) }
        if let store = try await storeImage(for: tree, in: directory) {
            job.lowers.append(store)
            job.storeDir = spec.storeLocation.storeDir
        }
        if let base = build.mergedBase {
            job.lowers.append(try await RootfsImage(context: context).file(of: base, in: directory))
        }
        return job
    }

    private func write(_ tree: FileTree, in directory: WorkDirectory) throws -> FilePath {
        try directory.write("contents.tar") {
            try FileLayer(title: "contents", parts: [FileLayer.Part(.tree(tree), at: "")], owner: spec.owner)
                .open().write(to: $0)
        }
    }

    /// The rootfs image of the store paths that the layer or a script needs and the base does not have; nil if there are
    /// none.
    private func storeImage(for tree: FileTree, in directory: WorkDirectory) async throws -> FilePath? {
        let paths = try await build.closures.closure(of: tree, and: [text, spec.extraCommands], over: build.rootfs)
            .paths(missingIn: build.rootfs)
        guard !paths.isEmpty else { return nil }
        let layer = FileLayer(store: spec.storeLocation, paths: paths, owner: spec.storeOwner, cache: nil)
        let image = try ImageRootfs.merge([layer], spool: context.spool, needsBodies: true)
        return try await RootfsImage(context: context).make(image.tree, "store.squashfs", in: directory)
    }
}

extension Context {
    /// A virtual machine with the kernel, the guest and the settings of this context.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the kernel or the guest is missing.
    func virtualMachine() throws -> VirtualMachine {
        VirtualMachine(
            virtualMachines,
            kernel: try GuestKernel.find(
                virtualMachines.kernel, modules: virtualMachines.modules, environment: environment),
            guest: try GuestProgram.find(beside: programDirectory), programPath: programPath,
            kvmFailures: KVMFailureCache(in: cacheDirectory), groups: processGroups)
    }
}

/// The helper that replaces `${shadowSetup}` in `runAsRoot`: it creates the files that groupadd, useradd and chown
/// need.
package enum ShadowSetup {
    /// The text that is replaced in a script.
    package static let name = "${shadowSetup}"

    /// POSIX shell that creates only missing files.
    package static let text = #"""
        export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}
        mkdir -p /etc/pam.d
        if [ ! -e /etc/passwd ]; then
          echo "root:x:0:0::/root:/bin/sh" > /etc/passwd
        fi
        if [ ! -e /etc/shadow ]; then
          echo "root:!x:::::::" > /etc/shadow
          chmod 640 /etc/shadow
        fi
        if [ ! -e /etc/group ]; then
          echo "root:x:0:" > /etc/group
        fi
        if [ ! -e /etc/gshadow ]; then
          echo "root:x::" > /etc/gshadow
          chmod 640 /etc/gshadow
        fi
        if [ ! -e /etc/pam.d/other ]; then
          cat > /etc/pam.d/other <<'EOF'
        account sufficient pam_unix.so
        auth sufficient pam_rootok.so
        password requisite pam_unix.so nullok
        session required pam_unix.so
        EOF
        fi
        if [ ! -e /etc/login.defs ]; then
          : > /etc/login.defs
        fi

        """#
}
