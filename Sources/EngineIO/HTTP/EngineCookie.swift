public import FoundationEssentials

/// The cookie that carries the session id to load balancers that keep a client on one server.
///
/// It is set on the response that opens a session over long-polling, the only one that a browser is sure to see before
/// its next request; the server itself never reads it. Attributes are those of RFC 6265, section 4.1.2.
public struct EngineCookie: Sendable, Equatable {
    /// When a browser sends the cookie along with requests from other sites.
    public enum SameSite: String, Sendable {
        /// Never.
        case strict = "Strict"
        /// With links that the user follows.
        case lax = "Lax"
        /// Always; browsers then demand ``EngineCookie/isSecure``.
        case none = "None"
    }

    /// Which cookies a browser drops first.
    public enum Priority: String, Sendable {
        /// First.
        case low = "Low"
        /// After those of low priority.
        case medium = "Medium"
        /// Last.
        case high = "High"
    }

    /// The name; `io` as in the official server.
    public var name: String
    /// The paths that the cookie is for; `/`, and the request's own when `nil`.
    public var path: String?
    /// The domain whose hosts get the cookie; only the server's own when `nil`.
    public var domain: String?
    /// How long the browser keeps the cookie; until it is closed when `nil`.
    public var maxAge: Duration?
    /// When the browser drops the cookie, for browsers that don't know ``maxAge``; no date unless set.
    public var expires: Date?
    /// Whether scripts can't read the cookie; `true`, since none needs to.
    public var isHTTPOnly: Bool
    /// Whether the cookie travels over TLS only; `false`, so that it works on a developer's machine.
    public var isSecure: Bool
    /// When requests from other sites carry the cookie; ``SameSite/lax``, which keeps it out of forged requests.
    public var sameSite: SameSite?
    /// Whether the cookie is kept apart for each site that embeds the page; `false`.
    public var isPartitioned: Bool
    /// Which cookies the browser drops first; its own default when `nil`.
    public var priority: Priority?

    /// Makes a cookie.
    /// - Precondition: `name` is a token of RFC 9110; `path` and `domain` have no semicolon and no control character;
    ///   `maxAge` is not negative.
    public init(
        name: String = "io",
        path: String? = "/",
        domain: String? = nil,
        maxAge: Duration? = nil,
        expires: Date? = nil,
        isHTTPOnly: Bool = true,
        isSecure: Bool = false,
        sameSite: SameSite? = .lax,
        isPartitioned: Bool = false,
        priority: Priority? = nil
    ) {
        self.name = name
        self.path = path
        self.domain = domain
        self.maxAge = maxAge
        self.expires = expires
        self.isHTTPOnly = isHTTPOnly
        self.isSecure = isSecure
        self.sameSite = sameSite
        self.isPartitioned = isPartitioned
        self.priority = priority
        validate()
    }

    func validate() {
        precondition(HandshakeRequest.HeaderField.isToken(name), "the cookie's name must be a token")
        let isPlain = [path, domain].allSatisfy { text in
            text?.utf8.allSatisfy { (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: ";") } ?? true
        }
        precondition(isPlain, "the cookie's path and domain must be plain text without semicolons")
        precondition(maxAge.map { $0 >= .zero } ?? true, "the cookie's maxAge must not be negative")
    }

    /// The value of `Set-Cookie` for a session.
    package func headerValue(sid: String) -> String {
        var value = "\(name)=\(sid)"
        if let maxAge { value += "; Max-Age=\(maxAge.components.seconds)" }
        if let domain { value += "; Domain=\(domain)" }
        if let path { value += "; Path=\(path)" }
        if let expires { value += "; Expires=\(HTTPDate.text(expires))" }
        if isHTTPOnly { value += "; HttpOnly" }
        if isSecure { value += "; Secure" }
        if isPartitioned { value += "; Partitioned" }
        if let priority { value += "; Priority=\(priority.rawValue)" }
        if let sameSite { value += "; SameSite=\(sameSite.rawValue)" }
        return value
    }
}
