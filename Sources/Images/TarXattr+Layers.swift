import Tar

extension TarXattr {
    /// False for what belongs to the machine that a layer was made on: labels of its SELinux policy, and what its overlay
    /// file system noted, as root or in a user namespace.
    var belongsToLayers: Bool {
        !name.elementsEqual("security.selinux".utf8) && !name.starts(with: "trusted.overlay.".utf8)
            && !name.starts(with: "user.overlay.".utf8)
    }
}
