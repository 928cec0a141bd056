import Errors

/// Recognizes scripts that fail because their virtual machine has no network.
struct NetworkHint {
    /// Parts of messages for a name that cannot be resolved or a network that cannot be reached, in lower case: of the C
    /// library, curl, Git, wget, BusyBox, APT, apk, Node.js and Go.
    private static let messages = [
        "could not resolve", "couldn't resolve", "cannot resolve", "unable to resolve", "failed to resolve",
        "temporary failure resolving", "temporary failure in name resolution", "name or service not known",
        "no address associated with", "network is unreachable", "network unreachable", "no route to host",
        "bad address '", "unknown host", "no such host", "dns lookup error", "dns: transient error",
        "temporary error (try again later)", "eai_again", "dial tcp",
    ]

    /// The output's last lines.
    let log: [String]
    /// The script.
    let text: String
    /// The key of the script in the spec.
    let key: String

    /// What to do for a script that failed and had no network; nil if nothing suggests that it needs one.
    var remedy: Remedy? {
        let lines = log.map { $0.lowercased() }
        if lines.contains(where: { line in Self.messages.contains { line.contains($0) } }) {
            return "set \(.vmNetwork): without it \(key) has no network"
        }
        // A quiet download says nothing.
        guard text.contains(#/://|\b(?:apt|apt-get|apk|dnf|yum|zypper|pip3?|npm|curl|wget)\s/#) else { return nil }
        return "correct \(key) in the spec; if it needs the network, set \(.vmNetwork): without it there is none"
    }
}
