/// Which other origins a browser lets use the server, and with what (Fetch standard, section 3.3).
public struct CORSPolicy: Sendable {
    /// The origins that are allowed.
    public enum Origins: Sendable {
        /// Every origin, without credentials.
        case any
        /// The origins listed, such as `https://example.org`.
        case list(Set<String>)
        /// The origins for which the predicate holds.
        case matching(@Sendable (String) -> Bool)
    }

    /// The origins that are allowed.
    public var origins: Origins
    /// Whether requests may carry cookies; `false` unless set.
    public var allowsCredentials: Bool
    /// The methods that a preflight names.
    public var methods: [String]
    /// The header fields that a request may carry; `nil` allows those that the preflight asks for.
    public var allowedHeaders: [String]?
    /// The header fields that a script may read beyond the basic ones; none unless set.
    public var exposedHeaders: [String]
    /// How long a browser may keep the answer to a preflight; its own default unless set.
    public var maxAge: Duration?

    /// Makes a policy.
    public init(
        origins: Origins,
        allowsCredentials: Bool = false,
        methods: [String] = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"],
        allowedHeaders: [String]? = nil,
        exposedHeaders: [String] = [],
        maxAge: Duration? = nil
    ) {
        self.origins = origins
        self.allowsCredentials = allowsCredentials
        self.methods = methods
        self.allowedHeaders = allowedHeaders
        self.exposedHeaders = exposedHeaders
        self.maxAge = maxAge
    }

    /// The fields that every response carries, refusals included, or else browsers hide the refusal.
    public func responseHeaders(origin: String?) -> [(name: String, value: String)] {
        var headers = originHeaders(origin)
        if !exposedHeaders.isEmpty {
            headers.append(("Access-Control-Expose-Headers", exposedHeaders.joined(separator: ",")))
        }
        return headers
    }

    /// The fields of the answer to a preflight.
    public func preflightHeaders(origin: String?, requestedHeaders: String?) -> [(name: String, value: String)] {
        var headers = originHeaders(origin)
        headers.append(("Access-Control-Allow-Methods", methods.joined(separator: ",")))
        if let allowedHeaders {
            headers.append(("Access-Control-Allow-Headers", allowedHeaders.joined(separator: ",")))
        } else {
            headers.append(("Vary", "Access-Control-Request-Headers"))
            if let requestedHeaders { headers.append(("Access-Control-Allow-Headers", requestedHeaders)) }
        }
        if let maxAge { headers.append(("Access-Control-Max-Age", "\(maxAge.components.seconds)")) }
        return headers
    }

    private func originHeaders(_ origin: String?) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        switch origins {
        case .any:
            headers.append(("Access-Control-Allow-Origin", "*"))
        case .list(let allowed):
            headers.append(("Vary", "Origin"))
            if let origin, allowed.contains(origin) { headers.append(("Access-Control-Allow-Origin", origin)) }
        case .matching(let isAllowed):
            headers.append(("Vary", "Origin"))
            if let origin, isAllowed(origin) { headers.append(("Access-Control-Allow-Origin", origin)) }
        }
        if allowsCredentials { headers.append(("Access-Control-Allow-Credentials", "true")) }
        return headers
    }
}
