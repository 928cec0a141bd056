import Failures
import Glibc
import GuestProtocol

/// What the guest does for one request.
struct GuestWork {
    private let request: GuestRequest
    private let output: Int32

    /// - Parameter output: gets what the scripts write.
    init(_ request: GuestRequest, output: Int32) {
        self.request = request
        self.output = output
    }

    /// Does it all.
    func status() -> GuestStatus {
        do {
            return try run()
        } catch let failure as Failure {
            var status = GuestStatus(.failed("\(failure.what): \(failure.why)"))
            // Where the disk is full it is that, whatever failed of it.
            status.leastRoom = ImageRoot.room
            return status
        } catch {
            return GuestStatus(.failed("\(error)"))
        }
    }

    private func run() throws -> GuestStatus {
        let root = try ImageRoot(request)
        if request.disks.contains(GuestDevice.Disk.contents.serial) {
            let disk = try DescriptorReader(opening: Disk.path(of: .contents))
            try ContentsUnpacking(into: ImageRoot.upper).unpack(disk)
        }
        var status = GuestStatus(.exited(0))
        for step in request.steps {
            switch step.place {
            case .root: status = try root.withImage { try ScriptRun(step, request, root: $0, output: output).run() }
            case .layer: status = try root.withView { try ScriptRun(step, request, root: $0, output: output).run() }
            }
            guard status.result == .exited(0) else { return status }
        }
        status.layerSize = try LayerPacking(root, log: output).pack(to: Disk.path(of: .result))
        return status
    }
}
