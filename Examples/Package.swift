// swift-tools-version: 6.2
import PackageDescription

// Programs that use the library: `swift build --package-path Examples`.

func example(_ name: String) -> Target {
    .executableTarget(name: name, dependencies: [.product(name: "DockerTools", package: "dockertools")])
}

let package = Package(
    name: "Examples",
    dependencies: [.package(name: "dockertools", path: "..")],
    targets: [example("BuildFromCode"), example("ExportRootfs"), example("PushImage")]
)
