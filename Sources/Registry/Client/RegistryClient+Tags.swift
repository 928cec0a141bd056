import ByteIO
import JSON
import NIOHTTP1
import OCI

/// The limits on lists of tags. The largest public repositories have some 100,000 tags.
enum TagLimits {
    /// The most bytes of a page: 16 MiB. Docker Hub sends all tags of a repository as one page.
    static let page = 16 << 20
    /// The most pages. Registries have pages of at least 50 tags.
    static let pages = 20_000
    /// The most tags.
    static let tags = 1_000_000
}

extension RegistryClient {
    /// Fetches the tags of a repository, in the registry's order, each once.
    ///
    /// Source: OCI Distribution Specification 1.1, "Listing Tags".
    ///
    /// - Throws: `ToolError` with code `data` if there is no such repository, or the list is not valid; `unavailable` if
    ///   the registry denies it, or does not end the list.
    package func tags(_ repository: String) throws -> [String] {
        let place = listName(repository)
        var call = listCall(repository, .pull(repository))
        var (tags, known): ([String], Set<String>) = ([], [])
        for _ in 0..<TagLimits.pages {
            let response = try send(call)
            let page = try page(response, place).filter { known.insert($0).inserted }
            tags += page
            guard let next = PageLink.next(in: response.headers["Link"]) else { return tags }
            // A registry that ignores the position in the link sends the first page again and again.
            guard !page.isEmpty else { throw violation("\(place) has a page without a new tag, which is not the last") }
            guard tags.count <= TagLimits.tags else { break }
            call.target = .url(try safe(next, from: url(of: call), "next page"))
        }
        throw violation("\(place) does not end after \(tags.count) tags")
    }

    /// The tags of a repository on the first page of the registry's list; empty if there is no such repository.
    ///
    /// - Throws: as `tags` does.
    func firstTags(_ repository: String, _ scope: RegistryScope) throws -> [String] {
        let response = try send(listCall(repository, scope), allowing: [404])
        guard response.status == 404 else { return try page(response, listName(repository)) }
        response.discard()
        return []
    }

    private func listName(_ repository: String) -> String { "the list of tags of \(registry)/\(repository)" }

    private func listCall(_ repository: String, _ scope: RegistryScope) -> Call {
        Call(method: .GET, target: .path("\(repository)/tags/list"), scopes: [scope])
    }

    private func page(_ response: HTTPResponse, _ place: String) throws -> [String] {
        let bytes = try reading {
            try response.decoded(place, limit: UInt64(TagLimits.page)).bytes(limit: TagLimits.page)
        }
        guard let bytes else { throw damaged("\(place) has a page of more than the limit of \(TagLimits.page) bytes") }
        let value = try JSONValue(parsing: bytes, source: place, limit: TagLimits.page)
        // A repository whose tags were all deleted has null.
        guard case .object = value, let list = value["tags"], list != .null else { return [] }
        guard let texts = list.array else { throw damaged("\(place) has \(list.kind) instead of an array") }
        return try texts.map { text in
            guard let tag = text.string, ReferenceGrammar.isTag(tag) else {
                throw damaged("\(place) has \(TerminalText.quoted(text.string ?? text.canonical)), which is not a tag")
            }
            return tag
        }
    }
}

/// The Link header of a response that has more pages (RFC 8288).
enum PageLink {
    /// The URL of the next page, as it is written; nil if there is none.
    ///
    /// - Parameter headers: the values of all Link headers: `</v2/app/tags/list?last=1>; rel="next"`.
    static func next(in headers: [String]) -> String? {
        for header in headers {
            var rest = Substring(header)
            while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
                let url = rest[rest.index(after: start)..<end]
                rest = rest[rest.index(after: end)...]
                let parameters = rest.prefix { $0 != "<" }.split { $0 == ";" || $0 == "," }
                if parameters.contains(where: isNext) { return String(url) }
            }
        }
        return nil
    }

    private static func isNext(_ parameter: Substring) -> Bool {
        let parts = parameter.lowercased().split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].filter({ $0 != " " }) == "rel" else { return false }
        return parts[1].split { " \"\t".contains($0) }.contains("next")
    }
}
