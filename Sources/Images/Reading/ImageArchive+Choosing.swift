import Failures
import Tar

extension ImageArchive {
    /// Chooses an image by its name, its tag or both, exactly; with neither the first.
    ///
    /// - Throws: `Failure` with code `data` that lists the names of those that are there.
    public func image(name: String?, tag: String?) throws -> ArchivedImage {
        let chosen = images.first { image in
            guard name != nil || tag != nil else { return true }
            return image.names.contains { (name == nil || $0.name == name) && (tag == nil || $0.tag == tag) }
        }
        guard let chosen else { throw missing(ImageName(name: name, tag: tag)) }
        return chosen
    }

    /// Chooses an image by what is written behind `#`: its whole name, or a tag where that is all it has.
    ///
    /// - Throws: `Failure` with code `data` that lists the names of those that are there.
    public func image(named text: String?) throws -> ArchivedImage {
        guard let text else { return try image(name: nil, tag: nil) }
        guard let chosen = images.first(where: { $0.names.contains { "\($0)" == text || isTag(text, of: $0) } }) else {
            throw missing(ImageName(text))
        }
        return chosen
    }

    /// What an OCI layout calls a name is but a tag in most of them.
    private func isTag(_ text: String, of name: ImageName) -> Bool { form == .oci && name.tag == text }

    private func missing(_ name: ImageName) -> Failure {
        let names = images.flatMap(\.names).map { TarName.printable(Array("\($0)".utf8)) }
        let wanted = TarName.printable(Array("\(name)".utf8))
        return Failure(
            .data, "cannot read \(self.name)",
            why: name.name == nil
                ? "it holds no image with the tag '\(wanted)'" : "it holds no image named '\(wanted)'",
            advice: names.isEmpty
                ? "leave the name out: the images in it have none"
                : "choose one of those that it holds: \(names.joined(separator: ", "))")
    }
}
