import Archives

extension SpecFile {
    /// The spec's members after the overrides, all of them right.
    ///
    /// - Parameters:
    ///   - sets: the overrides of the command line, `KEY=VALUE` each, applied in turn.
    ///   - verb: what the spec is read for.
    /// - Throws: `Failure` with code `data` that names every fault of the spec; `usage` for a malformed override.
    func checked(sets: [String], verb: SpecVerb) throws -> (members: [String: JSONValue], warnings: [String]) {
        var report = SpecReport()
        guard var members = value.object else {
            report.faults = [SpecFault(path: "the whole", found: value, reason: "expected an object")]
            try report.throwFaults(of: words)
            return ([:], [])
        }
        var overridden: [SpecPath] = []
        for set in try sets.map(SpecOverride.init) {
            if let path = set.apply(to: &members, verb: verb, &report) { overridden.append(path) }
        }
        var checker = SpecChecker(verb: verb, report: report)
        checker.check(members, overridden: overridden)
        try checker.report.throwFaults(of: words)
        return (members, checker.report.warnings)
    }
}
