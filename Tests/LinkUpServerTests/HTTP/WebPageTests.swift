import HTTPTypes
import NIOCore
import Testing

@testable import LinkUpServer

@Suite
struct WebPageTests {
    /// A site whose page links to a style sheet with this text, in its head and in its body.
    private static func site(style: String?, base: BasePath = .root) -> WebSite {
        let link = "<link rel=\"stylesheet\" href=\"/s.css\">"
        let page = "<head>\(link)<script src=\"/s.js\"></script></head><body>\(link)</body>"
        var files = ["index.html": WebAsset(name: "index.html", body: ByteBuffer(string: page))]
        files["s.css"] = style.map { WebAsset(name: "s.css", body: ByteBuffer(string: $0)) }
        return WebSite(files: .table(files), base: base)
    }

    private static func policy(allowing styles: [String]) -> String {
        SecurityHeaders.contentSecurityPolicy(allowing: styles)
    }

    @Test(arguments: ["/", "/talk"])
    func holdsTheStylesOfItsHead(base: String) throws {
        let style = "a[href^=\" href=\"] { }\n\u{1F980}"
        let site = Self.site(style: style, base: try #require(BasePath(base)))
        let answer = site.answer(.get, "\(site.base)")
        let rest = "<script src=\"\(site.folder)s.js\"></script></head>"
        let body = "<body><link rel=\"stylesheet\" href=\"\(site.folder)s.css\"></body>"
        #expect(String(buffer: answer.body) == "<head><style>\(style)</style>\(rest)\(body)")
        #expect(answer.fields[.contentSecurityPolicy] == Self.policy(allowing: [style]))
        #expect(site.answer(.get, "\(site.folder)s.css").fields[.contentSecurityPolicy] == nil)
    }

    @Test(arguments: [nil, "</style>", "p::before { content: \"</\" }", "a {}\r\nb {}", "a {}\r", "a {}\0"])
    func linksToStylesThatCannotStandInIt(style: String?) {
        let site = Self.site(style: style)
        let answer = site.answer(.get, "/")
        let text = String(buffer: answer.body)
        #expect(text.hasPrefix("<head><link rel=\"stylesheet\" href=\"\(site.folder)s.css\"><script"))
        #expect(answer.fields[.contentSecurityPolicy] == Self.policy(allowing: []))
    }

    @Test
    func allowsItsStylesHoweverItIsAnswered() throws {
        let site = Self.site(style: "p {}")
        let full = site.answer(.get, "/")
        let tag = try #require(full.fields[.eTag])
        let answers = [
            full, site.answer(.head, "/"), site.answer(.get, "/r/tea", entityTags: tag),
            site.answer(.get, "/nothing", wantsPage: true),
        ]
        #expect(answers.map(\.status) == [.ok, .ok, .notModified, .notFound])
        for answer in answers {
            #expect(answer.fields[.contentSecurityPolicy] == Self.policy(allowing: ["p {}"]))
        }
        // Another style is another page.
        #expect(Self.site(style: "p { }").answer(.get, "/", entityTags: tag).status == .ok)
    }

    @Test
    func isPaintedFromOneAnswer() throws {
        let answer = WebSite(files: .embedded()).answer(.get, "/", codings: "gzip")
        let page = String(buffer: WebSite(files: .embedded()).answer(.get, "/").body)
        let head = try #require(page.firstRange(of: "</head>").map { page[..<$0.lowerBound] })
        #expect(!head.contains("rel=\"stylesheet\"") && head.contains("<style>"))
        let styles = head.split(separator: "<style>").dropFirst().compactMap { $0.split(separator: "</style>").first }
        #expect(answer.fields[.contentSecurityPolicy] == Self.policy(allowing: styles.map(String.init)))
        // What a server sends before it hears anything back: ten segments (RFC 6928), the fields among them.
        #expect(answer.body.readableBytes < 10 * 1_460 - 2_000)
    }
}
