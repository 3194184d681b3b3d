import HTTPTypes
import NIOCore
import Testing

@testable import LinkUpServer

@Suite
struct WebSiteTests {
    private let site = WebSite(
        files: .table(files: [
            ("index.html", "<p>"), ("call/negotiation.js", "export {}"), ("client/client.js", "export const io = 1"),
            ("icons.svg", "<svg/>"), ("styles/app.css", "p {}"),
        ])
    )

    @Test(arguments: [
        ("/", "text/html; charset=utf-8", "<p>"), ("/index.html", "text/html; charset=utf-8", "<p>"),
        ("/r/Team-7", "text/html; charset=utf-8", "<p>"),
        ("/call/negotiation.js", "text/javascript; charset=utf-8", "export {}"),
        ("/client/client.js", "text/javascript; charset=utf-8", "export const io = 1"),
        ("/icons.svg", "image/svg+xml", "<svg/>"), ("/styles/app.css", "text/css; charset=utf-8", "p {}"),
    ])
    func servesFiles(path: String, type: String, text: String) {
        let answer = site.answer(.get, path: path, entityTags: nil)
        #expect(answer.status == .ok)
        #expect(answer.fields[.contentType] == type)
        #expect(answer.fields[.contentLength] == String(text.utf8.count))
        #expect(answer.fields[.cacheControl] == "no-cache")
        #expect(String(buffer: answer.body) == text)
        let head = site.answer(.head, path: path, entityTags: nil)
        #expect(head.fields == answer.fields)
        #expect(head.body.readableBytes == 0)
    }

    @Test(arguments: [
        "", "x", "/r", "/r/", "/r/a/b", "/r/a b", "/r/%61", "/nothing", "/call", "/call/", "/socket.io/client.js",
        "//index.html", "/../index.html", "/./index.html", "/call/../index.html", "/%2e%2e/index.html", "/.git/config",
        "/index.html\0", "/client/../index.html", "/client/", "/CALL/negotiation.js",
        "/r/" + String(repeating: "r", count: 65),
    ])
    func servesNothingElse(path: String) {
        let answer = site.answer(.get, path: path, entityTags: nil)
        #expect(answer.status == .notFound)
        #expect(answer.fields[.contentType] == "text/plain; charset=utf-8")
        #expect(site.answer(.post, path: path, entityTags: nil).status == .notFound)
    }

    @Test
    func allowsOtherSitesToImportTheClientOnly() {
        #expect(site.answer(.get, path: "/client/client.js", entityTags: nil).fields[.accessControlAllowOrigin] == "*")
        #expect(site.answer(.get, path: "/", entityTags: nil).fields[.accessControlAllowOrigin] == nil)
    }

    @Test(arguments: [HTTPRequest.Method.post, .put, .delete, .options, .patch])
    func allowsReadingOnly(method: HTTPRequest.Method) {
        let answer = site.answer(method, path: "/", entityTags: nil)
        #expect(answer.status == .methodNotAllowed)
        #expect(answer.fields[.allow] == "GET, HEAD")
    }

    @Test
    func answersAKnownEntityTagWithoutTheBody() throws {
        let tag = try #require(site.answer(.get, path: "/", entityTags: nil).fields[.eTag])
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
        for field in [tag, "W/\(tag)", "\"x\", \(tag)", "\"x\",\t\(tag) ,\"y\"", "*"] {
            let answer = site.answer(.get, path: "/", entityTags: field)
            #expect(answer.status == .notModified)
            #expect(answer.fields[.eTag] == tag)
            #expect(answer.fields[.contentLength] == nil)
            #expect(answer.body.readableBytes == 0)
        }
        for field in ["", ",", "\"x\"", String(tag.dropLast()), "\(tag)x"] {
            #expect(site.answer(.get, path: "/", entityTags: field).status == .ok)
        }
        let other = site.answer(.get, path: "/icons.svg", entityTags: tag)
        #expect(other.status == .ok)
    }

    @Test
    func tagsChangeWithTheText() {
        let one = WebAsset(name: "a.js", body: ByteBuffer(string: "1"))
        let other = WebAsset(name: "a.js", body: ByteBuffer(string: "2"))
        #expect(one.entityTag != other.entityTag)
        #expect(one == WebAsset(name: "a.js", body: ByteBuffer(string: "1")))
    }

    @Test
    func readsAFolderButNothingAroundIt() throws {
        let folder = try TemporaryFolder()
        try folder.write("secret", to: "outside.txt")
        try folder.write("<p>", to: "Web/index.html")
        try folder.write("hidden", to: "Web/.env")
        try folder.write("export {}", to: "Web/a/b.js")
        try folder.link("Web/inside.js", to: folder.path("Web/a/b.js"))
        try folder.link("Web/escape.txt", to: folder.path("outside.txt"))
        try folder.link("Web/up", to: folder.path(""))
        let site = WebSite(files: try .directory(at: folder.path("Web/../Web")))
        #expect(site.answer(.get, path: "/", entityTags: nil).status == .ok)
        #expect(String(buffer: site.answer(.get, path: "/a/b.js", entityTags: nil).body) == "export {}")
        #expect(site.answer(.get, path: "/inside.js", entityTags: nil).status == .ok)
        for path in ["/escape.txt", "/up/outside.txt", "/.env", "/../outside.txt", "/a", "/a/../../outside.txt"] {
            #expect(site.answer(.get, path: path, entityTags: nil).status == .notFound)
        }
        try folder.write("<b>", to: "Web/index.html")
        #expect(String(buffer: site.answer(.get, path: "/", entityTags: nil).body) == "<b>")
    }

    @Test
    func refusesAFolderWithoutAPage() throws {
        let folder = try TemporaryFolder()
        #expect(throws: StartupError.self) { try WebFiles.directory(at: folder.path) }
        #expect(throws: StartupError.self) { try WebFiles.directory(at: folder.path("missing")) }
    }
}

@Suite
struct SecurityHeadersTests {
    @Test
    func allowNothingInline() {
        let policy = SecurityHeaders.contentSecurityPolicy
        #expect(policy.hasPrefix("default-src 'none'; "))
        #expect(!policy.contains("unsafe"))
        #expect(policy.contains("frame-ancestors 'none'"))
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
        #expect(fields[.contentSecurityPolicy] == SecurityHeaders.contentSecurityPolicy)
    }
}
