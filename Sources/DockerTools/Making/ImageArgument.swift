/// An argument of the command line that stands for an image: a spec, which is made, or a place where one is.
public struct ImageArgument: Sendable {
    /// What a person typed.
    let text: String
    let isSpec: Bool
    let verb: SpecVerb?
    let sets: [String]

    /// - Parameters:
    ///   - isSpec: whether it is a spec whatever it is called.
    ///   - verb: how the image of a spec is made; nil: as its keys tell.
    ///   - sets: overrides of the spec's keys.
    public init(_ text: String, isSpec: Bool = false, as verb: SpecVerb? = nil, sets: [String] = []) {
        self.text = text
        self.isSpec = isSpec || SpecSource.isSpec(text)
        self.verb = verb
        self.sets = sets
    }
}
