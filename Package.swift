// swift-tools-version: 6.2
import PackageDescription

// The modules stand in the order of the house: a module imports only modules above it.
// Tests/HouseTests reads this file and the sources and holds them to it.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Tests import modules for their own use only, so the visibility of their imports is of no interest.
let strictTests: [SwiftSetting] = [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let bigInt = Target.Dependency.product(name: "BigInt", package: "BigInt")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let bitCollections = Target.Dependency.product(name: "BitCollections", package: "swift-collections")
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
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strictTests)
}

// `make fuzz` sets the variable, and links libFuzzer, which plain builds do not have.
let fuzzers: [Target] =
    Context.environment["FUZZING"] == nil
    ? []
    : [
        .executableTarget(
            name: "Fuzzing",
            dependencies: ["ByteIO", "Compression", "Errors", "Images", "JSON", "OCI", "Tar", systemPackage],
            path: "Tests/Fuzzing", exclude: ["run", "seeds.py"], swiftSettings: strictTests)
    ]

let package = Package(
    name: "dockertools",
    products: [
        .executable(name: "dockertools", targets: ["CLI"]),
        .executable(name: "dockertools-guest", targets: ["Guest"]),
        .library(name: "DockerTools", targets: ["DockerTools"]),
        .library(name: "OCI", targets: ["JSON", "OCI", "Images"]),
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
        systemLibrary("CLibArchive", "libarchive", "libarchive-dev"),
        systemLibrary("CLibCrypto", "libcrypto", "libssl-dev"),
        systemLibrary("CZstd", "libzstd", "libzstd-dev"),
        systemLibrary("CLZMA", "liblzma", "liblzma-dev"),
        systemLibrary("CISAL", "libisal", "libisal-dev"),
        systemLibrary("CDeflate", "libdeflate", "libdeflate-dev"),
        .target(name: "CLinux"),
        .target(name: "CGuest"),
        module("Errors", [systemPackage]),
        module("ByteIO", ["CLinux", "Errors", deque, systemPackage]),
        module("JSON", ["Errors"]),
        module(
            "Compression",
            ["ByteIO", "CDeflate", "CISAL", "CLZMA", "CLibArchive", "CZstd", "Errors", systemPackage]),
        module("Tar", ["ByteIO", "Errors"]),
        module("OCI", ["ByteIO", "CLibCrypto", "Compression", "Errors", "JSON"]),
        module("Processes", ["ByteIO", "CLinux", "Errors", subprocess, systemPackage]),
        module("Store", ["ByteIO", "CLinux", "Errors", "JSON", "OCI", "Processes", "Tar", systemPackage]),
        module("Layering", ["Errors", "Store", bigInt, bitCollections]),
        module("Images", ["ByteIO", "CLinux", "Compression", "Errors", "JSON", "OCI", "Store", "Tar", systemPackage]),
        module(
            "Registry",
            [
                "ByteIO", "Compression", "Errors", "Images", "JSON", "OCI", "Processes", "Store", asyncHTTPClient,
                deque, nioCore, nioHTTP1, nioPosix, nioSSL, systemPackage,
            ]),
        module(
            "DockerEngine",
            [
                "ByteIO", "CLinux", "Errors", "Images", "JSON", "OCI", "Processes", "Registry", nioHTTP1, nioSSL,
                systemPackage,
            ]),
        module("GuestProtocol", ["ByteIO"]),
        module("MicroVM", ["ByteIO", "CLinux", "Compression", "Errors", "GuestProtocol", "Processes", systemPackage]),
        staticProgram("Guest", ["ByteIO", "CGuest", "CLinux", "Errors", "GuestProtocol", "Tar"]),
        module(
            "DockerTools",
            [
                "ByteIO", "CLinux", "Compression", "DockerEngine", "Errors", "GuestProtocol", "Images", "JSON",
                "Layering", "MicroVM", "OCI", "Processes", "Registry", "Store", "Tar", systemPackage,
            ]),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "ByteIO", "CLinux", "Compression", "DockerTools", "Errors", "JSON", "MicroVM", "OCI", argumentParser,
                systemPackage,
            ], swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["ByteIO", "OCI", "Tar"], path: "Tests/TestSupport",
            swiftSettings: strictTests),
        tests("ByteIOTests", ["ByteIO", "Errors", "TestSupport", systemPackage]),
        tests("CompressionTests", ["ByteIO", "Compression", "Errors", "TestSupport", systemPackage]),
        tests("DockerEngineTests", ["DockerEngine", "Errors", "JSON", "OCI", "Registry", "TestSupport", nioSSL]),
        tests(
            "DockerToolsTests",
            [
                "ByteIO", "CLI", "Compression", "DockerTools", "Errors", "Images", "JSON", "OCI", "Registry", "Store",
                "TestSupport", systemPackage,
            ]),
        tests("ErrorsTests", ["Errors", systemPackage]),
        tests("GuestProtocolTests", ["GuestProtocol"]),
        tests("GuestTests", ["ByteIO", "CGuest", "CLinux", "Errors", "GuestProtocol", "Tar", "TestSupport"]),
        tests("HouseTests", []),
        tests(
            "ImagesTests",
            ["ByteIO", "Compression", "Errors", "Images", "JSON", "OCI", "Store", "Tar", "TestSupport", systemPackage]),
        tests("IntegrationTests", ["TestSupport"]),
        tests("JSONTests", ["Errors", "JSON", "TestSupport"]),
        tests("LayeringTests", ["Errors", "Layering", "Store", "TestSupport"]),
        tests(
            "MicroVMTests", ["ByteIO", "Errors", "GuestProtocol", "MicroVM", "Processes", "TestSupport", systemPackage]),
        tests("OCITests", ["JSON", "OCI", "TestSupport"]),
        tests("ProcessesTests", ["Errors", "Processes", "TestSupport", systemPackage]),
        tests(
            "RegistryTests",
            [
                "ByteIO", "Compression", "Errors", "Images", "JSON", "OCI", "Processes", "Registry", "Store", "Tar",
                "TestSupport", nioSSL, systemPackage,
            ]),
        tests("StoreTests", ["ByteIO", "Errors", "OCI", "Store", "Tar", "TestSupport", subprocess, systemPackage]),
        tests("TarTests", ["ByteIO", "Errors", "Tar", "TestSupport"]),
    ] + fuzzers
)
