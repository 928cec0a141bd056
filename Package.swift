// swift-tools-version: 6.2
import PackageDescription

// The modules stand in the order of the house: a module imports only modules above it.
// Tests/HouseTests reads this file and the sources and holds them to it.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let bigInt = Target.Dependency.product(name: "BigInt", package: "BigInt")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

func systemLibrary(_ name: String, _ pkgConfig: String, _ package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A program that needs nothing of the machine that it runs on: PID 1 of the virtual machine is such a one.
func staticProgram(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, swiftSettings: strict + [.unsafeFlags(["-static-stdlib"])],
        linkerSettings: [.unsafeFlags(["-static-executable", "-Xlinker", "-s"])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

// `make fuzz` sets the variable, and links libFuzzer, which plain builds do not have.
let fuzzers: [Target] =
    Context.environment["FUZZING"] == nil
    ? []
    : [
        .executableTarget(
            name: "Fuzzing", dependencies: ["Archives", "Failures", "Images", "Tar", systemPackage],
            path: "Tests/Fuzzing", exclude: ["run", "seeds.py"], swiftSettings: strict)
    ]

let package = Package(
    name: "dockertools",
    products: [
        .executable(name: "dockertools", targets: ["dockertools"]),
        .executable(name: "dockertools-guest", targets: ["Guest"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        systemLibrary("CZlib", "zlib", "zlib1g-dev"),
        systemLibrary("CLibArchive", "libarchive", "libarchive-dev"),
        systemLibrary("CLibCrypto", "libcrypto", "libssl-dev"),
        systemLibrary("CZstd", "libzstd", "libzstd-dev"),
        systemLibrary("CISAL", "libisal", "libisal-dev"),
        systemLibrary("CDeflate", "libdeflate", "libdeflate-dev"),
        .target(name: "CLinux"),
        .target(name: "CGuest"),
        module("Failures", [systemPackage]),
        module("Processes", ["Failures", systemPackage]),
        module("Digests", ["CLibCrypto"]),
        module("Tar", ["Failures", systemPackage]),
        module(
            "Archives",
            [
                "CDeflate", "CISAL", "CLibArchive", "CLinux", "CZlib", "CZstd", "Digests", "Failures", "Tar",
                deque, systemPackage,
            ]),
        module("Store", ["Archives", "CLinux", "Digests", "Failures", "Tar", subprocess, systemPackage]),
        module("Layering", ["Failures", "Store", bigInt]),
        module("Images", ["Archives", "CLinux", "Digests", "Failures", "Store", "Tar", systemPackage]),
        module(
            "Registry",
            [
                "Archives", "Digests", "Failures", "Images", "Processes", "Store", "Tar", asyncHTTPClient, deque,
                nioCore, nioHTTP1, nioPosix, nioSSL, subprocess, systemPackage,
            ]),
        module("GuestProtocol", []),
        module("MicroVM", ["Archives", "CLinux", "Failures", "GuestProtocol", "Processes", subprocess, systemPackage]),
        staticProgram("Guest", ["CGuest", "CLinux", "Failures", "GuestProtocol", "Tar"]),
        module(
            "DockerTools",
            [
                "Archives", "CLinux", "Digests", "Failures", "GuestProtocol", "Images", "Layering", "MicroVM",
                "Processes", "Registry", "Store", "Tar", subprocess, systemPackage,
            ]),
        .executableTarget(
            name: "dockertools",
            dependencies: ["Archives", "DockerTools", "Failures", "MicroVM", argumentParser, systemPackage],
            swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Digests", "Tar"], path: "Tests/TestSupport", swiftSettings: strict),
        tests("DigestsTests", ["Digests", "TestSupport"]),
        tests("TarTests", ["Tar", "Failures", "TestSupport"]),
        tests("ArchivesTests", ["Archives", "Tar", "Failures", "TestSupport", systemPackage]),
        tests("StoreTests", ["Store", "Digests", "Failures", "Tar", subprocess, systemPackage]),
        tests("LayeringTests", ["Layering", "Store", "Failures"]),
        tests(
            "ImagesTests", ["Images", "Archives", "Store", "Failures", "Digests", "Tar", "TestSupport", systemPackage]),
        tests(
            "RegistryTests",
            [
                "Registry", "Archives", "Digests", "Failures", "Images", "Processes", "Tar", "TestSupport", nioCore,
                nioHTTP1, nioPosix, nioSSL, systemPackage,
            ]),
        tests(
            "DockerToolsTests",
            [
                "DockerTools", "Archives", "Digests", "Failures", "Images", "Registry", "Store", "Tar", "TestSupport",
                systemPackage,
            ]),
        tests("GuestProtocolTests", ["GuestProtocol"]),
        tests(
            "MicroVMTests",
            ["MicroVM", "Archives", "Failures", "GuestProtocol", "Processes", "Tar", "TestSupport", systemPackage]),
        tests("HouseTests", []),
        tests("IntegrationTests", ["TestSupport"]),
    ] + fuzzers
)
