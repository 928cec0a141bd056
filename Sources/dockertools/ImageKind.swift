import ArgumentParser
import DockerTools

/// How the image of a spec is made where the verb does not say (`--as`).
enum ImageKind: String, CaseIterable, ExpressibleByArgument {
    case build, layered

    var verb: SpecVerb {
        switch self {
        case .build: .build
        case .layered: .layered
        }
    }
}
