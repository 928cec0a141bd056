import Errors
import TestSupport
import Testing

@testable import Registry

@Suite("Lists of tags")
struct TagListTests {
    private let fixture: PullFixture

    init() throws { fixture = try PullFixture() }

    private func registry(
        _ answer: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Response
    ) throws -> ScriptedServer {
        try ScriptedServer { answer($0) }
    }

    private func tags(_ server: ScriptedServer) throws -> [String] {
        try fixture.client(server.authority).tags("team/app")
    }

    /// A page whose Link header names the next one.
    private static func page(_ tags: String, next: String? = nil) -> ScriptedServer.Response {
        ScriptedServer.Response(
            200, next.map { [("Link", $0)] } ?? [], body: Array(#"{"name": "team/app", "tags": \#(tags)}"#.utf8))
    }

    @Test("has all pages, each tag once, in the registry's order")
    func pages() throws {
        let server = try registry { request in
            switch request.target {
            case "/v2/team/app/tags/list":
                Self.page(#"["b", "a"]"#, next: "</v2/team/app/tags/list?last=a>; rel=\"next\"")
            case "/v2/team/app/tags/list?last=a": Self.page(#"["a", "c"]"#, next: "<?last=c&n=2>; x=y; rel=next")
            case "/v2/team/app/tags/list?last=c&n=2": Self.page("[]", next: "<?last=>; rel=\"prev\"")
            default: ScriptedServer.Response(404)
            }
        }
        #expect(try tags(server) == ["b", "a", "c"])
    }

    @Test("is empty for a repository whose tags were deleted", arguments: ["null", "[]"])
    func empty(list: String) throws {
        #expect(try tags(try registry { _ in Self.page(list) }) == [])
    }

    @Test("ends with an error if the registry never ends it")
    func endless() throws {
        let server = try registry { _ in Self.page(#"["a"]"#, next: "</v2/team/app/tags/list?last=a>; rel=\"next\"") }
        let error = #expect(throws: ToolError.self) { try tags(server) }
        #expect(error?.code == .unavailable)
        #expect(error?.cause.contains("a page without a new tag") == true)
        #expect(server.requests.count == 2)
    }

    @Test("never asks a private host that another host's link names")
    func foreignLink() throws {
        let server = try registry { _ in Self.page(#"["a"]"#, next: "<http://169.254.169.254/tags>; rel=\"next\"") }
        let error = #expect(throws: ToolError.self) { try tags(server) }
        #expect(error?.code == .unavailable)
        #expect(error?.cause.contains("next page") == true)
    }

    @Test("is refused if it has anything but tags", arguments: [#"["a b"]"#, #"[1]"#, #"{"a": 1}"#, #"["a\nb"]"#])
    func invalid(list: String) throws {
        let error = try #require(throws: ToolError.self) { try tags(try registry { _ in Self.page(list) }) }
        #expect(error.code == .data)
    }

    @Test("of an unknown repository is an error of the name, of a failing registry one of the registry")
    func failures() throws {
        let missing = #expect(throws: ToolError.self) { try tags(try registry { _ in ScriptedServer.Response(404) }) }
        #expect(missing?.code == .data)
        let failing = #expect(throws: ToolError.self) { try tags(try registry { _ in ScriptedServer.Response(500) }) }
        #expect(failing?.code == .unavailable)
    }
}
