import Foundation
import SystemPackage
import Testing

@testable import DockerTools

struct PlanReportTests {
    private let directory: SpecDirectory
    private static let one = "/nix/store/" + baseName("one", "a")
    private static let two = "/nix/store/" + baseName("two", "b")

    init() throws {
        directory = try SpecDirectory()
        for path in [Self.one, Self.two] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/root\(path)", withIntermediateDirectories: true)
        }
        try directory.write([UInt8](repeating: 1, count: 60_000), to: "root\(Self.two)/large")
        try directory.write(
            """
            [{"path": "\(Self.one)", "references": ["\(Self.two)"]}, {"path": "\(Self.two)", "references": []}]
            """, to: "graph.json")
    }

    private func report(_ members: String = "") async throws -> PlanReport {
        let spec = try directory.load(
            text: """
                {"name": "x", "storeRoot": "root", "closure": "graph.json", "contents": ["\(Self.one)"]\(members)}
                """)
        let context = Context(environment: [:], currentDirectory: directory.path)
        return try PlanReport(
            await LayeredBuilder.build(BuildContext(spec, base: nil, context: context)))
    }

    @Test func tellsTheLayersWithTheirSizesAndShares() async throws {
        let report = try await report()
        #expect(report.name == "x")
        #expect(report.layers.map(\.number) == [1, 2, 3])
        // Three directories, then a file of 60,000 bytes in 118 blocks with its header; the end; whole records.
        #expect(report.layers.map(\.size) == [71680, 10240, 10240])
        #expect(report.size == 92160)
        #expect(report.layers.map { $0.storePaths.map(\.path) } == [[Self.two], [Self.one], []])
        #expect(abs(report.layers.map(\.share).reduce(0, +) - 1) < 1e-9)
        #expect(report.layers[0].share == 71680.0 / 92160)
        let reasons = report.layers.flatMap { $0.storePaths.map(\.reason) }
        #expect(reasons.allSatisfy { !$0.isEmpty })
    }

    @Test func hasAJSONForm() async throws {
        let report = try await report()
        let reasons = report.layers.flatMap { $0.storePaths.map(\.reason) }
        #expect(
            report.json.canonical
                == #"{"layers":[{"number":1,"share":0.777778,"size":71680,"storePaths":[{"path":"\#(Self.two)","#
                + #""reason":"\#(reasons[0])"}]},{"number":2,"share":0.111111,"size":10240,"storePaths":[{"path":"#
                + #""\#(Self.one)","reason":"\#(reasons[1])"}]},{"number":3,"share":0.111111,"size":10240,"#
                + #""storePaths":[]}],"name":"x","size":92160}"#)
    }

    @Test func hasATableForPeople() async throws {
        let lines = try await report().text.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(
            lines[0].split(separator: " ", omittingEmptySubsequences: true) == [
                "LAYER", "SIZE", "SHARE", "STORE", "PATH", "WHY",
            ])
        #expect(lines[1].contains("71.7 kB  77.8%  \(Self.two)"))
        #expect(lines[3].contains("customization layer") && lines[3].hasSuffix("always on top"))
        #expect(lines[4] == "3 layers, 92.2 kB")
    }

    @Test func showsASharedLayersPathsBelowEachOther() async throws {
        let report = try await report(", \"maxLayers\": 2")
        #expect(report.layers.map { $0.storePaths.map(\.path) } == [[Self.two, Self.one], []])
        let lines = report.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(lines[2].hasPrefix("    ") && lines[2].contains(Self.one))
        #expect(lines[4].hasPrefix("2 layers, "))
    }
}
