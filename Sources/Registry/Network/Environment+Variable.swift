extension [String: String] {
    /// The value of an environment variable; nil for one that is not set, or to nothing.
    func variable(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
