import Digests
import Images

/// An image under other names.
struct RenamedImage: Image {
    private let image: any Image
    private let names: [ImageName]

    init(_ image: any Image, names: [ImageName]) {
        self.image = image
        self.names = names
    }

    var name: String? { names.first?.name }
    func names(imageID: Digest) -> [ImageName] { names }
    var layers: [any Layer] { image.layers }
    func config(diffIDs: [Digest]) throws -> [UInt8] { try image.config(diffIDs: diffIDs) }
}
