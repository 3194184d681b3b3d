import EngineIOTransport
import FoundationEssentials
import NIOCore

/// Makes the page of its file, as browsers get it.
///
/// In the file all addresses are as if `Web/` were the top of a site, so that they need to be written anew. What the
/// head names as style sheets comes along in the page itself: a browser far away paints as soon as it has that one
/// answer, and on a later visit as soon as it knows that nothing has changed.
enum WebPage {
    /// Makes the page.
    /// - Parameters:
    ///   - files: Where its file and its styles come from.
    ///   - base: The path below which all of it lies.
    ///   - folder: The folder of what it loads, as it stands in addresses.
    /// - Returns: `nil` when it has no file.
    static func make(of files: WebFiles, base: BasePath, folder: String) -> WebAsset? {
        guard let file = files.asset(WebFiles.page) else { return nil }
        let text = String(buffer: file.body)
            .replacing(" href=\"/", with: " href=\"\(folder)")
            .replacing(" src=\"/", with: " src=\"\(folder)")
            .replacing("name=\"linkup-base\" content=\"/\"", with: "name=\"linkup-base\" content=\"\(base)\"")
        let (page, styles) = withStyles(text) { address in
            guard address.hasPrefix(folder) else { return nil }
            return files.asset(String(address.dropFirst(folder.count))).map { String(buffer: $0.body) }
        }
        let body = ByteBuffer(string: page)
        let gzip = ZlibCompressor(.gzip, level: 9).finish(body)
        return WebAsset(
            name: WebFiles.page,
            body: body,
            gzip: gzip.readableBytes < body.readableBytes ? gzip : nil,
            policy: SecurityHeaders.contentSecurityPolicy(allowing: styles)
        )
    }

    /// Puts style sheets where the head links to them.
    /// - Parameters:
    ///   - text: The page.
    ///   - style: Finds the text of a style sheet by its address.
    /// - Returns: The page and the styles that it holds now.
    private static func withStyles(_ text: String, style: (Substring) -> String?) -> (page: String, styles: [String]) {
        guard let end = text.firstRange(of: "</head>") else { return (text, []) }
        var styles: [String] = []
        let head = text[..<end.lowerBound].replacing(/<link rel="stylesheet" href="([^"]+)">/) { link in
            guard let style = style(link.output.1), meansTheSameInside(style) else { return String(link.output.0) }
            styles.append(style)
            return "<style>\(style)</style>"
        }
        return (String(head) + text[end.lowerBound...], styles)
    }

    /// Whether a style sheet can stand in a page: nothing in it ends the element, and its ends of lines are those that
    /// remain when a browser reads it, as its digest is taken of these.
    private static func meansTheSameInside(_ style: String) -> Bool {
        !style.contains("</") && !style.utf8.contains(UInt8(ascii: "\r")) && !style.utf8.contains(0)
    }
}
