/// The version of everything that digests of our outputs depend on: the bytes of layers, configurations, manifests and
/// archives for the same spec and the same files.
///
/// It is raised only on purpose, in the change that gives other bytes, together with Fixtures/golden/digests.json
/// and a line in CHANGELOG.md.
public let formatVersion = 2
