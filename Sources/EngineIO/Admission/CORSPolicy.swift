/// Which other origins a browser lets use the server, and with what (Fetch standard, section 3.3).
///
/// A server without a policy answers browsers on other origins without the fields that they ask for, and so shuts them
/// out.
public struct CORSPolicy: Sendable {
    /// The origins that are allowed.
    public enum Origins: Sendable {
        /// Every origin, without credentials.
        case any
        /// One origin, named in every response whoever asks, such as `https://example.org`.
        case exactly(String)
        /// The origins listed.
        case list(Set<String>)
        /// The origins for which the predicate holds.
        case matching(@Sendable (String) -> Bool)
        /// Every origin, named back to it, so that credentials are possible. Any site can then act as its visitors.
        case reflected

        /// The origins that match a pattern as a whole.
        ///
        /// The official server takes a match anywhere in the origin, for which an attacker can register a domain.
        /// - Parameter pattern: A regular expression; transformations in it run on any thread.
        /// - Returns: The origins.
        public static func pattern<Output>(_ pattern: Regex<Output>) -> Self {
            // Regex is not Sendable only for the closures that it may contain.
            nonisolated(unsafe) let pattern = pattern
            return .matching { $0.wholeMatch(of: pattern) != nil }
        }

        func allows(_ origin: String) -> Bool {
            switch self {
            case .any, .reflected: true
            case .exactly(let allowed): origin == allowed
            case .list(let allowed): allowed.contains(origin)
            case .matching(let isAllowed): isAllowed(origin)
            }
        }
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
    /// Whether a preflight goes on to Engine.IO, which refuses it with code 2, rather than being answered; `false`.
    public var preflightContinue: Bool
    /// The status of the answer to a preflight; 204, and 200 for clients that choke on it.
    public var optionsSuccessStatus: Int

    /// Makes a policy.
    /// - Precondition: Credentials are not allowed for ``Origins/any``, which browsers ignore; the status is one of
    ///   success; methods and header fields are tokens; `maxAge` is not negative.
    public init(
        origins: Origins,
        allowsCredentials: Bool = false,
        methods: [String] = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"],
        allowedHeaders: [String]? = nil,
        exposedHeaders: [String] = [],
        maxAge: Duration? = nil,
        preflightContinue: Bool = false,
        optionsSuccessStatus: Int = 204
    ) {
        self.origins = origins
        self.allowsCredentials = allowsCredentials
        self.methods = methods
        self.allowedHeaders = allowedHeaders
        self.exposedHeaders = exposedHeaders
        self.maxAge = maxAge
        self.preflightContinue = preflightContinue
        self.optionsSuccessStatus = optionsSuccessStatus
        validate()
    }

    func validate() {
        if case .any = origins {
            precondition(!allowsCredentials, "credentials need origins that are named: use .reflected to allow all")
        }
        if case .exactly(let origin) = origins {
            precondition(HandshakeRequest.HeaderField.isFieldValue(origin), "the origin must be plain text")
        }
        precondition((200..<300).contains(optionsSuccessStatus), "optionsSuccessStatus must be 200 to 299")
        let names = methods + (allowedHeaders ?? []) + exposedHeaders
        precondition(
            names.allSatisfy(HandshakeRequest.HeaderField.isToken),
            "methods and header fields must be tokens"
        )
        precondition(maxAge.map { $0 >= .zero } ?? true, "maxAge must not be negative")
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
        var headers = responseHeaders(origin: origin)
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
        case .any: headers.append(("Access-Control-Allow-Origin", "*"))
        case .exactly(let allowed):
            headers = [("Access-Control-Allow-Origin", allowed), ("Vary", "Origin")]
        case .list, .matching, .reflected:
            if let origin, origins.allows(origin) { headers.append(("Access-Control-Allow-Origin", origin)) }
            headers.append(("Vary", "Origin"))
        }
        if allowsCredentials { headers.append(("Access-Control-Allow-Credentials", "true")) }
        return headers
    }
}
