import EngineIOTransport
import FoundationEssentials
import HTTPTypes
import NIOCore

/// Answers requests for the page: which file a path means, and how browsers may cache and use it.
///
/// The page itself is asked for anew each time, and is a `304` of a few hundred bytes while it has not changed. All
/// that it loads lies below `a/VERSION/`, where each version of the program has its own addresses: browsers keep it for
/// good, and modules of two versions never meet in one page. `client/`, which other sites import, has no version.
struct WebSite: Sendable {
    /// Where the files come from.
    let files: WebFiles
    /// The path below which all of it lies.
    let base: BasePath
    /// The folder of what the page loads, as it stands in addresses.
    let folder: String
    /// The page as browsers get it, where it never changes.
    private let page: WebAsset?

    /// An answer.
    struct Answer: Sendable, Equatable {
        /// The status.
        var status: HTTPResponse.Status
        /// The fields, `Content-Length` included.
        var fields: HTTPFields
        /// The body; empty for `HEAD` and `304`.
        var body = ByteBuffer()
    }

    /// What a path means.
    private enum Content {
        /// The page, for the top and for rooms.
        case page
        /// A file by the path below `Web/`, at an address that never means another.
        case lasting(String)
        /// A file that other sites import.
        case shared(String)
        /// A file of another version of the program.
        case outdated
        /// The base without its slash.
        case base
        /// Nothing of this site's.
        case outside
        /// Nothing.
        case nothing
    }

    /// Reads the page, and writes its addresses into it.
    /// - Parameters:
    ///   - files: Where the files come from.
    ///   - base: The path below which all of it lies.
    init(files: WebFiles, base: BasePath = .root) {
        self.files = files
        self.base = base
        folder = "\(base)a/\(files.version)/"
        page =
            switch files {
            case .table: WebPage.make(of: files, base: base, folder: "\(base)a/\(files.version)/")
            case .directory: nil
            }
    }

    /// Answers a request.
    /// - Parameters:
    ///   - method: The method; all but `GET` and `HEAD` get a `405` where there is something to get.
    ///   - target: The target as sent, with its query.
    ///   - entityTags: The value of `If-None-Match`.
    ///   - codings: The value of `Accept-Encoding`.
    ///   - wantsPage: Whether a person is to read the answer: where there is nothing, the page says so.
    /// - Returns: The answer, without the fields of ``SecurityHeaders``.
    func answer(
        _ method: HTTPRequest.Method,
        _ target: String,
        entityTags: String? = nil,
        codings: String? = nil,
        wantsPage: Bool = false
    ) -> Answer {
        let path = String(target.prefix { $0 != "?" && $0 != "#" })
        let content = content(at: path)
        guard let asset = asset(content) else {
            return refusal(content, method, query: target.dropFirst(path.count), codings, wantsPage: wantsPage)
        }
        guard method == .get || method == .head else {
            var answer = text(.methodNotAllowed, "Only GET and HEAD are allowed here.\n", for: method)
            answer.fields[.allow] = "GET, HEAD"
            return answer
        }
        let chosen = asset.representation(for: codings)
        var fields = fields(of: content)
        fields[.eTag] = chosen.entityTag
        if asset.gzip != nil { fields[.vary] = "Accept-Encoding" }
        // A 304 needs it as well: its fields take the place of those that came with the page.
        fields[.contentSecurityPolicy] = asset.policy
        if let entityTags, Self.matches(entityTags, chosen.entityTag) {
            return Answer(status: .notModified, fields: fields)
        }
        return full(chosen, asset.contentType, fields, for: method)
    }

    /// Finds what a path means.
    ///
    /// One with an escape (`%`) means nothing: no file's name needs one.
    private func content(at path: String) -> Content {
        guard let path = base.rest(of: path) else {
            return base != .root && path == base.withoutSlash ? .base : .outside
        }
        if path.isEmpty || path == WebFiles.page { return .page }
        if let room = Self.rest(of: path, after: "r/") { return (try? RoomName(room)) == nil ? .nothing : .page }
        if path.hasPrefix("client/") { return .shared(path) }
        guard let versioned = Self.rest(of: path, after: "a/"), let slash = versioned.firstIndex(of: "/") else {
            return .nothing
        }
        guard path.utf8.starts(with: folder.utf8.dropFirst(base.description.utf8.count)) else { return .outdated }
        let name = String(versioned[versioned.index(after: slash)...])
        return name == WebFiles.page ? .nothing : .lasting(name)
    }

    private static func rest(of path: String, after prefix: String) -> String? {
        path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }

    private func asset(_ content: Content) -> WebAsset? {
        switch content {
        case .page: page ?? WebPage.make(of: files, base: base, folder: folder)
        case .lasting(let name), .shared(let name): WebFiles.isPlain(name) ? files.asset(name) : nil
        case .outdated, .base, .outside, .nothing: nil
        }
    }

    /// How long a browser may keep what it gets, and who may use it.
    private func fields(of content: Content) -> HTTPFields {
        switch content {
        case .lasting:
            if case .directory = files { return [.cacheControl: "no-cache"] }
            return [.cacheControl: "public, max-age=31536000, immutable"]
        case .shared:
            return [
                .cacheControl: "no-cache", .accessControlAllowOrigin: "*", .crossOriginResourcePolicy: "cross-origin",
            ]
        case .page, .outdated, .base, .outside, .nothing:
            return [.cacheControl: "no-cache"]
        }
    }

    /// Compares weakly, as `If-None-Match` asks for (RFC 9110, section 13.1.2).
    private static func matches(_ field: String, _ entityTag: String) -> Bool {
        field.split(separator: ",").contains { candidate in
            let candidate = candidate.drop { $0 == " " || $0 == "\t" }
            let trimmed = candidate.prefix { $0 != " " && $0 != "\t" }
            return trimmed == "*" || trimmed == entityTag || trimmed == "W/\(entityTag)"
        }
    }

    private func refusal(
        _ content: Content,
        _ method: HTTPRequest.Method,
        query: Substring,
        _ codings: String?,
        wantsPage: Bool
    ) -> Answer {
        switch content {
        case .base:
            // 308 keeps method and body (RFC 9110 §15.4.9).
            return Answer(
                status: .permanentRedirect,
                fields: [.location: "\(base)\(query)", .contentLength: "0", .cacheControl: "no-cache"]
            )
        case .outside:
            return text(.notFound, "There is nothing here: LinkUp is at \(base)\n", for: method)
        case .outdated:
            return text(.notFound, "This is of another version of the page: reload the page.\n", for: method)
        case .page, .lasting, .shared, .nothing:
            guard wantsPage, method == .get || method == .head, let page = asset(.page) else {
                return text(.notFound, "There is nothing here.\n", for: method)
            }
            var answer = full(page.representation(for: codings), page.contentType, [:], for: method)
            answer.fields[.contentSecurityPolicy] = page.policy
            answer.status = .notFound
            answer.fields[.cacheControl] = "no-store"
            return answer
        }
    }

    private func full(
        _ chosen: WebAsset.Representation,
        _ contentType: String,
        _ fields: HTTPFields,
        for method: HTTPRequest.Method
    ) -> Answer {
        var fields = fields
        fields[.contentType] = contentType
        fields[.contentEncoding] = chosen.coding
        fields[.contentLength] = String(chosen.body.readableBytes)
        return Answer(status: .ok, fields: fields, body: method == .head ? ByteBuffer() : chosen.body)
    }

    private func text(_ status: HTTPResponse.Status, _ text: String, for method: HTTPRequest.Method) -> Answer {
        let body = ByteBuffer(string: text)
        return Answer(
            status: status,
            fields: [
                .contentType: "text/plain; charset=utf-8",
                .contentLength: String(body.readableBytes),
                .cacheControl: "no-store",
            ],
            body: method == .head ? ByteBuffer() : body
        )
    }
}
