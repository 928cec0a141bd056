import Failures
import Synchronization

/// What is wrong with images, gathered while they are read: for whoever wants to know all of it.
public final class ImageFaults: Sendable {
    /// One thing that is wrong.
    public struct Fault: Hashable, Sendable {
        /// The part of the archive: `the config 'abc.json'`.
        public var place: String
        /// What is wrong with it: `digest`.
        public var what: String
        /// What was found; nil where there is nothing to compare.
        public var got: String?
        /// What should have been found.
        public var wanted: String?

        public init(_ place: String, _ what: String, got: String? = nil, wanted: String? = nil) {
            self.place = place
            self.what = what
            self.got = got
            self.wanted = wanted
        }

        /// What a reader refused: its words tell the place behind what it could not do.
        public init(_ refusal: Failure) {
            let verb = ["cannot read ", "cannot use "].first(where: refusal.what.hasPrefix) ?? ""
            self.init(String(refusal.what.dropFirst(verb.count)), refusal.why)
        }
    }

    private let found = Mutex<[Fault]>([])

    public init() {}

    /// All faults so far, in the order in which they were found.
    public var all: [Fault] { found.withLock { $0 } }

    public func add(_ fault: Fault) { found.withLock { $0.append(fault) } }
}

extension ReadingContext {
    /// Something that contradicts something else in an archive that can be read all the same: gathered where faults are,
    /// elsewhere the end of the reading.
    ///
    /// - Throws: `failure`, unless faults are gathered.
    func contradiction(_ fault: ImageFaults.Fault, _ failure: @autoclosure () -> Failure) throws {
        guard let faults else { throw failure() }
        faults.add(fault)
    }
}
