/// What a spec is read for; each verb takes some of the spec's keys. `plan`, `push` and `load` read as `layered` or
/// `build` does.
public enum SpecVerb: String, CaseIterable, Sendable {
    case build, layered, stream, export, pull
}
