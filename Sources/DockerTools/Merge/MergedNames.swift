import Digests
import Failures
import Images

/// Which image has which name, where images of several archives come together.
///
/// The same image from two archives is one with the names of both. An image without a name stays without one.
struct MergedNames {
    private struct Entry {
        let image: any Image
        let imageID: Digest
        var names: [ImageName]
        /// Where it comes from, for errors.
        let source: String
        /// It had no name from the beginning.
        let isNameless: Bool
    }

    private let lastWins: Bool
    private var entries: [Entry] = []

    init(lastWins: Bool) {
        self.lastWins = lastWins
    }

    /// Adds an image.
    ///
    /// - Throws: `Failure` with code `data` if another image has one of its names, unless the last one wins.
    mutating func add(_ image: any Image, from source: String) throws {
        let imageID = try WrittenImage.id(of: image)
        let names = image.names(imageID: imageID)
        for name in names {
            let isSame = { (other: ImageName) in other.familiar == name.familiar }
            guard let other = entries.firstIndex(where: { $0.names.contains(where: isSame) && $0.imageID != imageID })
            else { continue }
            guard lastWins else {
                throw Failure(
                    .data, "cannot merge \(entries[other].source) and \(source)",
                    why: "both have an image named \("\(name)".onOneLine), and it is not the same one",
                    advice: "say --last-wins if the later one is to have the name, or choose images with PATH#NAME:TAG")
            }
            entries[other].names.removeAll(where: isSame)
        }
        if let same = entries.firstIndex(where: { $0.imageID == imageID }) {
            entries[same].names += names.filter { !entries[same].names.contains($0) }
        } else {
            entries.append(
                Entry(image: image, imageID: imageID, names: names, source: source, isNameless: names.isEmpty))
        }
    }

    /// The images in their order, each with the names that it has now; without those that lost all of theirs.
    var images: [any Image] {
        entries.filter { !$0.names.isEmpty || $0.isNameless }.map { RenamedImage($0.image, names: $0.names) }
    }
}
