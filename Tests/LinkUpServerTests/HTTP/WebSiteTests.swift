import EngineIOTransport
import HTTPTypes
import NIOCore
import TestSupport
import Testing

@testable import LinkUpServer

@Suite
struct WebSiteTests {
    /// A page as the real one names what it loads, long enough to be worth compressing.
    private static let page =
        "<meta name=\"linkup-base\" content=\"/\">"
        + String(repeating: "<link rel=\"modulepreload\" href=\"/call/call.js\">", count: 20)
        + "<img src=\"/icons.svg\"><a href=\"https://example.org/\">"

    private static let compressed = ByteBuffer(string: "compressed")

    private static let files = WebFiles.table([
        "index.html": WebAsset(name: "index.html", body: ByteBuffer(string: page)),
        "call/call.js": WebAsset(name: "call.js", body: ByteBuffer(string: "export {}"), gzip: compressed),
        "client/client.js": WebAsset(name: "client.js", body: ByteBuffer(string: "export const io = 1")),
        "icons.svg": WebAsset(name: "icons.svg", body: ByteBuffer(string: "<svg/>")),
        "styles/app.css": WebAsset(name: "app.css", body: ByteBuffer(string: "p {}")),
    ])

    private let site = WebSite(files: files)
    private let below = WebSite(files: files, base: BasePath("/talk") ?? .root)

    @Test(arguments: [
        ("call/call.js", "text/javascript; charset=utf-8", "export {}"),
        ("client/client.js", "text/javascript; charset=utf-8", "export const io = 1"),
        ("icons.svg", "image/svg+xml", "<svg/>"), ("styles/app.css", "text/css; charset=utf-8", "p {}"),
    ])
    func servesFilesForGood(path: String, type: String, text: String) {
        for site in [site, below] {
            let answer = site.answer(.get, site.folder + path + "?x")
            #expect(answer.status == .ok)
            #expect(answer.fields[.contentType] == type)
            #expect(answer.fields[.contentLength] == String(text.utf8.count))
            #expect(answer.fields[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(answer.fields[.accessControlAllowOrigin] == nil)
            #expect(String(buffer: answer.body) == text)
            let head = site.answer(.head, site.folder + path + "?x")
            #expect(head.fields == answer.fields)
            #expect(head.body.readableBytes == 0)
        }
    }

    @Test(arguments: ["", "index.html", "r/Team-7", "?transports=polling", "r/x?name=Ann"])
    func asksForThePageEachTime(path: String) {
        for site in [site, below] {
            let answer = site.answer(.get, "\(site.base)\(path)")
            #expect(answer.status == .ok)
            #expect(answer.fields[.contentType] == "text/html; charset=utf-8")
            #expect(answer.fields[.cacheControl] == "no-cache")
            #expect(site.answer(.head, "\(site.base)\(path)").fields == answer.fields)
        }
    }

    @Test
    func writesItsAddressesIntoThePage() {
        let text = String(buffer: site.answer(.get, "/").body)
        #expect(text.contains("href=\"\(site.folder)call/call.js\""))
        #expect(text.contains("src=\"\(site.folder)icons.svg\""))
        #expect(text.contains("<a href=\"https://example.org/\">"))
        #expect(text.contains("<meta name=\"linkup-base\" content=\"/\">"))
        let other = String(buffer: below.answer(.get, "/talk/").body)
        #expect(other == text.replacing("=\"/", with: "=\"/talk/"))
        #expect(below.folder == "/talk\(site.folder)")
    }

    @Test
    func allThatThePageNamesIsThere() throws {
        let site = WebSite(files: .embedded(), base: try #require(BasePath("/a/talk")))
        let page = String(buffer: site.answer(.get, "/a/talk/").body)
        let named = page.split(separator: "\"").filter { $0.hasPrefix("/") }
        #expect(named.contains("/a/talk/") && named.count > 30)
        for address in named {
            let answer = site.answer(.get, String(address), codings: "gzip")
            #expect(answer.status == .ok, "\(address)")
            // All but the page's own address.
            #expect(address == "/a/talk/" || address.hasPrefix(site.folder))
        }
    }

    @Test(arguments: [
        "", "x", "/r", "/r/", "/r/a/b", "/r/a b", "/r/%61", "/nothing", "/call", "/call/", "/socket.io/client.js",
        "//index.html", "/../index.html", "/./index.html", "/call/../index.html", "/%2e%2e/index.html", "/.git/config",
        "/index.html\0", "/client/../index.html", "/client/", "/CALL/call.js", "/call/call.js", "/icons.svg", "/a",
        "/a/", "/a/x", "/a/x/call/call.js", "/a/VERSION", "/a/VERSION/", "/a/VERSION/index.html",
        "/a/VERSION/call/../index.html", "/a/VERSION//call/call.js", "/a/VERSION/call/call.js/",
        "/a/VERSION/%63all/call.js",
        "/a//VERSION/call/call.js", "/r/" + String(repeating: "r", count: 65),
    ])
    func servesNothingElse(path: String) {
        for site in [site, below] {
            let version = site.folder.split(separator: "/").last ?? ""
            let path = site.base.withoutSlash + path.replacing("VERSION", with: version)
            // The base without its slash leads to the one with it.
            guard path != "/talk" else { continue }
            let answer = site.answer(.get, path)
            #expect(answer.status == .notFound, "\(path)")
            #expect(answer.fields[.contentType] == "text/plain; charset=utf-8")
            #expect(answer.fields[.cacheControl] == "no-store")
            #expect(site.answer(.post, path).status == .notFound)
        }
    }

    @Test(arguments: ["/", "/index.html", "/r/tea", "/client/client.js", "/talkative", "/Talk/", "/%74alk/", "/a/x/y"])
    func whatIsOutsideIsNotHere(path: String) {
        let answer = below.answer(.get, path, wantsPage: true)
        #expect(answer.status == .notFound)
        #expect(String(buffer: answer.body) == "There is nothing here: LinkUp is at /talk/\n")
    }

    @Test(arguments: [("/talk", "/talk/"), ("/talk?transports=polling", "/talk/?transports=polling")])
    func theSlashAtTheEndMayBeLeftAway(target: String, location: String) {
        for method in [HTTPRequest.Method.get, .head, .post] {
            let answer = below.answer(method, target)
            #expect(answer.status == .permanentRedirect)
            #expect(answer.fields[.location] == location)
        }
    }

    @Test
    func anotherVersionIsToldToReload() {
        let answer = site.answer(.get, "/a/AAAAAAAAAAAAAAAA/call/call.js", wantsPage: true)
        #expect(answer.status == .notFound)
        #expect(answer.fields[.cacheControl] == "no-store")
        #expect(String(buffer: answer.body).contains("reload"))
    }

    @Test
    func allowsOtherSitesToImportTheClientOnly() {
        for site in [site, below] {
            let client = site.answer(.get, "\(site.base)client/client.js").fields
            #expect(client[.accessControlAllowOrigin] == "*")
            #expect(client[HTTPField.Name("Cross-Origin-Resource-Policy") ?? .eTag] == "cross-origin")
            #expect(client[.cacheControl] == "no-cache")
            #expect(site.answer(.get, "\(site.base)").fields[.accessControlAllowOrigin] == nil)
        }
    }

    @Test(arguments: [HTTPRequest.Method.post, .put, .delete, .options, .patch])
    func allowsReadingOnly(method: HTTPRequest.Method) {
        for path in ["/", "/client/client.js", "\(site.folder)call/call.js"] {
            let answer = site.answer(method, path)
            #expect(answer.status == .methodNotAllowed)
            #expect(answer.fields[.allow] == "GET, HEAD")
        }
    }

    @Test
    func answersAKnownEntityTagWithoutTheBody() throws {
        for path in ["/", "\(site.folder)call/call.js", "/client/client.js"] {
            for codings in ["gzip", nil] {
                let full = site.answer(.get, path, codings: codings)
                let tag = try #require(full.fields[.eTag])
                #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
                for field in [tag, "W/\(tag)", "\"x\", \(tag)", "\"x\",\t\(tag) ,\"y\"", "*"] {
                    let answer = site.answer(.get, path, entityTags: field, codings: codings)
                    #expect(answer.status == .notModified)
                    for name in [HTTPField.Name.eTag, .cacheControl, .vary, .contentSecurityPolicy] {
                        #expect(answer.fields[name] == full.fields[name])
                    }
                    #expect(answer.fields[.contentLength] == nil)
                    #expect(answer.body.readableBytes == 0)
                }
                for field in ["", ",", "\"x\"", String(tag.dropLast()), "\(tag)x"] {
                    #expect(site.answer(.get, path, entityTags: field, codings: codings).status == .ok)
                }
                #expect(site.answer(.get, "\(site.folder)icons.svg", entityTags: tag).status == .ok)
            }
        }
    }

    @Test(arguments: [
        (nil, false), ("", false), ("br", false), ("identity", false), ("gzip", true),
        ("gzip, deflate, br, zstd", true),
        ("GZIP", true), ("*", true), ("br;q=1, gzip;q=0.1", true), ("gzip;q=0", false), ("gzip; q=0.0, *", false),
        ("*;q=0", false), ("gzip;q=2", false), ("deflate, gzip;q=0.5", false),
    ])
    func compressesForThoseWhoTakeIt(codings: String?, isCompressed: Bool) throws {
        let paths = ["/", "\(site.folder)call/call.js"]
        for path in paths {
            let answer = site.answer(.get, path, codings: codings)
            #expect(answer.fields[.contentEncoding] == (isCompressed ? "gzip" : nil))
            #expect(answer.fields[.vary] == "Accept-Encoding")
            #expect(answer.fields[.contentLength] == String(answer.body.readableBytes))
            #expect(site.answer(.head, path, codings: codings).fields == answer.fields)
            // Two bodies, two tags.
            let other = site.answer(.get, path, codings: isCompressed ? nil : "gzip")
            #expect(other.fields[.eTag] != answer.fields[.eTag])
            #expect(other.body != answer.body)
        }
        if isCompressed { #expect(site.answer(.get, paths[1], codings: codings).body == Self.compressed) }
        // What is no shorter is sent as it is.
        let small = site.answer(.get, "\(site.folder)icons.svg", codings: codings)
        #expect(small.fields[.contentEncoding] == nil)
        #expect(small.fields[.vary] == nil)
    }

    @Test
    func tagsChangeWithTheText() {
        let one = WebAsset(name: "a.js", body: ByteBuffer(string: "1"))
        let other = WebAsset(name: "a.js", body: ByteBuffer(string: "2"))
        #expect(one.digest != other.digest)
        #expect(one == WebAsset(name: "a.js", body: ByteBuffer(string: "1")))
    }

    @Test(arguments: [
        (["index.html": "1", "a.js": "1"], true), (["index.html": "2", "a.js": "1"], true),
        (["index.html": "1", "a.js": "2"], false), (["index.html": "1", "b.js": "1"], false),
        (["index.html": "1"], false), (["index.html": "1", "a.js": "1", "b.js": ""], false),
    ])
    func theVersionIsThatOfWhatThePageLoads(files: [String: String], isSame: Bool) {
        func version(_ files: [String: String]) -> String {
            WebFiles.table(files.mapValues { WebAsset(name: "", body: ByteBuffer(string: $0)) }).version
        }
        #expect((version(files) == version(["index.html": "1", "a.js": "1"])) == isSame)
    }

    @Test
    func readsAFolderButNothingAroundIt() throws {
        let folder = try TemporaryFolder()
        try folder.write("secret", to: "outside.txt")
        try folder.write("<img src=\"/b.svg\">", to: "Web/index.html")
        try folder.write("hidden", to: "Web/.env")
        try folder.write("export {}", to: "Web/a/b.js")
        try folder.link("Web/inside.js", to: folder.path("Web/a/b.js"))
        try folder.link("Web/escape.txt", to: folder.path("outside.txt"))
        try folder.link("Web/up", to: folder.path(""))
        let site = WebSite(files: try .directory(at: folder.path("Web/../Web")), base: try #require(BasePath("/x")))
        #expect(String(buffer: site.answer(.get, "/x/").body) == "<img src=\"/x/a/live/b.svg\">")
        let answer = site.answer(.get, "/x/a/live/a/b.js")
        #expect(String(buffer: answer.body) == "export {}")
        #expect(answer.fields[.cacheControl] == "no-cache")
        #expect(answer.fields[.eTag] != nil)
        #expect(site.answer(.get, "/x/a/live/inside.js").status == .ok)
        for path in ["escape.txt", "up/outside.txt", ".env", "../outside.txt", "a", "a/../../outside.txt"] {
            #expect(site.answer(.get, "/x/a/live/\(path)").status == .notFound)
        }
        try folder.write("<b>", to: "Web/index.html")
        #expect(String(buffer: site.answer(.get, "/x/").body) == "<b>")
        try folder.write("export default 2", to: "Web/a/b.js")
        #expect(String(buffer: site.answer(.get, "/x/a/live/a/b.js").body) == "export default 2")
    }

    @Test
    func refusesAFolderWithoutAPage() throws {
        let folder = try TemporaryFolder()
        #expect(throws: StartupError.self) { try WebFiles.directory(at: folder.path) }
        #expect(throws: StartupError.self) { try WebFiles.directory(at: folder.path("missing")) }
    }
}

@Suite
struct BasePathTests {
    @Test(arguments: [
        ("/", "/"), ("/talk", "/talk/"), ("/talk/", "/talk/"), ("talk", "/talk/"), ("/a/B/0", "/a/B/0/"),
        ("/-._~", "/-._~/"), ("/...", "/.../"), ("/" + String(repeating: "x", count: 200), nil),
    ])
    func hasASlashAtBothEnds(text: String, path: String?) {
        #expect(BasePath(text)?.description == path ?? "\(text)/")
    }

    @Test(arguments: [
        "", "//", "/talk//", "//talk", "/a//b", "/.", "/..", "/a/../b", "/a/./b", "/a b", "/a%20b", "/a?b", "/a#b",
        "/caf\u{E9}", "/:room", "/{room}", "/*", "/**", "/a\"b", "/a\0", "https://example.org/talk",
        "/" + String(repeating: "x", count: 201),
    ])
    func isWrittenInOneWay(text: String) {
        #expect(BasePath(text) == nil)
    }

    @Test(arguments: [
        ("/talk/", ""), ("/talk/r/a", "r/a"), ("/talk//", "/"), ("/talk", nil), ("/talks/", nil), ("/", nil), ("", nil),
    ])
    func knowsWhatLiesBelow(path: String, rest: String?) throws {
        #expect(try #require(BasePath("/talk")).rest(of: path) == rest)
    }
}

@Suite
struct SecurityHeadersTests {
    @Test
    func allowNothingInline() {
        let policy = SecurityHeaders.contentSecurityPolicy()
        #expect(policy.hasPrefix("default-src 'none'; "))
        #expect(!policy.contains("unsafe"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(policy.contains("style-src 'self';"))
    }

    @Test
    func allowStylesByTheirDigests() {
        // FIPS 180-4: the digests of "abc" and of nothing.
        let digests = [
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ]
        let policy = SecurityHeaders.contentSecurityPolicy(allowing: ["abc", ""])
        #expect(policy.contains("; style-src 'self' 'sha256-\(digests[0])' 'sha256-\(digests[1])'; "))
    }

    @Test
    func areAddedToEachAnswerOnce() {
        var fields: HTTPFields = [.referrerPolicy: "origin"]
        SecurityHeaders.add(to: &fields)
        SecurityHeaders.add(to: &fields)
        #expect(fields[.referrerPolicy] == "origin")
        #expect(fields[values: .xContentTypeOptions] == ["nosniff"])
        let permissions = fields[.permissionsPolicy] ?? ""
        #expect(permissions.contains("camera=(self), microphone=(self), display-capture=(self)"))
        #expect(fields[.crossOriginOpenerPolicy] == "same-origin")
        #expect(fields[.contentSecurityPolicy] == SecurityHeaders.contentSecurityPolicy())
    }
}
