import HTTPTypes
import NIOCore

/// Answers requests for the page: which file a path means, and how browsers may cache and use it.
///
/// Every answer makes the browser ask again with the entity tag (`no-cache`). The files have no version in their
/// names, and modules of two versions must not meet in one page; a `304` of a hundred bytes is the price.
struct WebSite: Sendable {
    /// Where the files come from.
    var files: WebFiles

    /// An answer.
    struct Answer: Sendable, Equatable {
        /// The status.
        var status: HTTPResponse.Status
        /// The fields, `Content-Length` included.
        var fields: HTTPFields
        /// The body; empty for `HEAD` and `304`.
        var body: ByteBuffer
    }

    /// Answers a request.
    /// - Parameters:
    ///   - method: The method; all but `GET` and `HEAD` get a `405` where there is something to get.
    ///   - path: The path of the target as sent, without query.
    ///   - entityTags: The value of `If-None-Match`.
    ///   - wantsPage: Whether a person is to read the answer: where there is nothing, the page says so.
    /// - Returns: The answer, without the fields of ``SecurityHeaders``.
    func answer(
        _ method: HTTPRequest.Method,
        path: String,
        entityTags: String?,
        wantsPage: Bool = false
    ) -> Answer {
        guard let name = Self.fileName(path), let asset = files.asset(name) else {
            return notFound(method, wantsPage: wantsPage)
        }
        guard method == .get || method == .head else {
            var answer = text(.methodNotAllowed, "Only GET and HEAD are allowed here.\n", for: method)
            answer.fields[.allow] = "GET, HEAD"
            return answer
        }
        var fields: HTTPFields = [.eTag: asset.entityTag, .cacheControl: "no-cache"]
        if name.hasPrefix("client/") {
            fields[.accessControlAllowOrigin] = "*"
            fields[.crossOriginResourcePolicy] = "cross-origin"
        }
        if let entityTags, Self.matches(entityTags, asset.entityTag) {
            return Answer(status: .notModified, fields: fields, body: ByteBuffer())
        }
        fields[.contentType] = asset.contentType
        fields[.contentLength] = String(asset.body.readableBytes)
        return Answer(status: .ok, fields: fields, body: method == .head ? ByteBuffer() : asset.body)
    }

    /// Finds the file below `Web/` that a path means.
    ///
    /// `/` and `/r/ROOM` are the page itself.
    /// - Returns: `nil` when a path can't mean a file. An escape (`%`) never does: no file's name needs one.
    static func fileName(_ path: String) -> String? {
        guard path.hasPrefix("/") else { return nil }
        let relative = String(path.dropFirst())
        if relative.isEmpty { return "index.html" }
        if relative.hasPrefix("r/") {
            let room = String(relative.dropFirst(2))
            return (try? RoomName(room)) == nil ? nil : "index.html"
        }
        return WebFiles.isPlain(relative) ? relative : nil
    }

    /// Compares weakly, as `If-None-Match` asks for (RFC 9110, section 13.1.2).
    private static func matches(_ field: String, _ entityTag: String) -> Bool {
        field.split(separator: ",").contains { candidate in
            let candidate = candidate.drop { $0 == " " || $0 == "\t" }
            let trimmed = candidate.prefix { $0 != " " && $0 != "\t" }
            return trimmed == "*" || trimmed == entityTag || trimmed == "W/\(entityTag)"
        }
    }

    private func notFound(_ method: HTTPRequest.Method, wantsPage: Bool) -> Answer {
        guard wantsPage, method == .get || method == .head, let page = files.asset("index.html") else {
            return text(.notFound, "There is nothing here.\n", for: method)
        }
        return Answer(
            status: .notFound,
            fields: [
                .contentType: page.contentType,
                .contentLength: String(page.body.readableBytes),
                .cacheControl: "no-store",
            ],
            body: method == .head ? ByteBuffer() : page.body
        )
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
