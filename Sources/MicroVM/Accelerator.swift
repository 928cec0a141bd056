/// How the virtual machine's processor is made.
public enum Accelerator: String, CaseIterable, Sendable {
    /// KVM, and without it TCG.
    case auto
    /// This machine's own processor, by /dev/kvm.
    case kvm
    /// QEMU's translator: everywhere, and several times slower.
    case tcg
}
