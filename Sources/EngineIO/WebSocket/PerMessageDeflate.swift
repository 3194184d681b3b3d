/// How WebSocket messages are compressed (permessage-deflate, RFC 7692).
///
/// A client that does not offer the extension is served without it. Compression is worth its processor time for large
/// texts on slow lines and for little else, so a server does it only when it is told to.
public struct PerMessageDeflate: Sendable, Equatable {
    /// How many bytes a message must have to be compressed; 1024, below which little is gained.
    public var threshold: Int

    /// Whether the server compresses a message with what it knows of earlier ones; `false` unless set.
    ///
    /// Without, no memory is kept for a connection (some 256 KiB with), and a broadcast is compressed once for all.
    public var serverContextTakeover: Bool

    /// Whether clients may compress a message with what they know of earlier ones; `false` unless set, which saves some
    /// 40 KiB for each connection that sends compressed messages.
    public var clientContextTakeover: Bool

    /// The base-two logarithm of the window that the server compresses with; 15, the most that the format has.
    public var serverMaxWindowBits: Int

    /// The same for clients that can limit theirs; 15.
    public var clientMaxWindowBits: Int

    /// How hard the server tries, from 1, the fastest, to 9; 6 as in zlib.
    public var level: Int

    /// How much memory compressing takes, from 1 to 9; 8 as in zlib.
    public var memoryLevel: Int

    /// Makes a configuration.
    /// - Precondition: `threshold` is not negative, `serverMaxWindowBits` is 9 to 15, `clientMaxWindowBits` is 8 to 15,
    ///   `level` and `memoryLevel` are 1 to 9.
    public init(
        threshold: Int = 1024,
        serverContextTakeover: Bool = false,
        clientContextTakeover: Bool = false,
        serverMaxWindowBits: Int = 15,
        clientMaxWindowBits: Int = 15,
        level: Int = 6,
        memoryLevel: Int = 8
    ) {
        self.threshold = threshold
        self.serverContextTakeover = serverContextTakeover
        self.clientContextTakeover = clientContextTakeover
        self.serverMaxWindowBits = serverMaxWindowBits
        self.clientMaxWindowBits = clientMaxWindowBits
        self.level = level
        self.memoryLevel = memoryLevel
        validate()
    }

    func validate() {
        precondition(threshold >= 0, "threshold must not be negative")
        precondition((9...15).contains(serverMaxWindowBits), "serverMaxWindowBits must be 9 to 15")
        precondition((8...15).contains(clientMaxWindowBits), "clientMaxWindowBits must be 8 to 15")
        precondition((1...9).contains(level), "level must be 1 to 9")
        precondition((1...9).contains(memoryLevel), "memoryLevel must be 1 to 9")
    }
}

// MARK: - Negotiation

extension PerMessageDeflate {
    /// What server and client agreed on (RFC 7692, section 7.1).
    package struct Agreement: Sendable, Equatable {
        package var serverContextTakeover: Bool
        package var clientContextTakeover: Bool
        package var serverMaxWindowBits: Int
        package var clientMaxWindowBits: Int
        /// The value of `Sec-WebSocket-Extensions` in the response.
        package var response: String
    }

    /// Accepts the first offer that can be met.
    /// - Parameter fields: The values of all `Sec-WebSocket-Extensions` fields of the request.
    /// - Returns: The agreement; `nil` when there is no such offer, and the connection goes on without compression.
    package func accept(_ fields: [String]) -> Agreement? {
        for field in fields {
            guard let offers = ExtensionOffer.parse(field) else { continue }
            for offer in offers where equalsIgnoringASCIICase(offer.name, "permessage-deflate") {
                if let agreement = answer(to: offer) { return agreement }
            }
        }
        return nil
    }

    /// Section 7.1: an offer with a parameter that is unknown, repeated, or of a wrong value is declined.
    private func answer(to offer: ExtensionOffer) -> Agreement? {
        guard Set(offer.parameters.map(\.name)).count == offer.parameters.count else { return nil }
        var agreement = Agreement(
            serverContextTakeover: serverContextTakeover,
            clientContextTakeover: clientContextTakeover,
            serverMaxWindowBits: serverMaxWindowBits,
            clientMaxWindowBits: 15,
            response: ""
        )
        for parameter in offer.parameters {
            switch (parameter.name, parameter.value) {
            case ("server_no_context_takeover", nil): agreement.serverContextTakeover = false
            case ("client_no_context_takeover", nil): agreement.clientContextTakeover = false
            case ("server_max_window_bits", let value?):
                // zlib can't compress with a window of 256 bytes.
                guard let bits = Self.windowBits(value), bits > 8 else { return nil }
                agreement.serverMaxWindowBits = min(bits, serverMaxWindowBits)
            case ("client_max_window_bits", let value):
                guard let bits = value.map(Self.windowBits) ?? 15 else { return nil }
                agreement.clientMaxWindowBits = min(bits, clientMaxWindowBits)
            default: return nil
            }
        }
        agreement.response = "permessage-deflate"
        if !agreement.serverContextTakeover { agreement.response += "; server_no_context_takeover" }
        if !agreement.clientContextTakeover { agreement.response += "; client_no_context_takeover" }
        if agreement.serverMaxWindowBits < 15 {
            agreement.response += "; server_max_window_bits=\(agreement.serverMaxWindowBits)"
        }
        // Section 7.1.2.2: only a client that mentioned it understands this one.
        if agreement.clientMaxWindowBits < 15 {
            agreement.response += "; client_max_window_bits=\(agreement.clientMaxWindowBits)"
        }
        return agreement
    }

    /// Section 7.1.2: 8 to 15 in decimal, without leading zeros.
    private static func windowBits(_ text: String) -> Int? {
        guard let bits = Int(text), (8...15).contains(bits), text == String(bits) else { return nil }
        return bits
    }
}

/// One element of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1).
private struct ExtensionOffer {
    var name: String
    var parameters: [(name: String, value: String?)]

    /// Reads the elements of a field value; `nil` when it is malformed.
    static func parse(_ field: String) -> [Self]? {
        var scanner = FieldScanner(field)
        var offers: [Self] = []
        repeat {
            guard let name = scanner.token() else { return nil }
            var offer = Self(name: name, parameters: [])
            while scanner.take(";") {
                guard let name = scanner.token() else { return nil }
                var value: String?
                if scanner.take("=") {
                    value = scanner.tokenOrQuoted()
                    if value == nil { return nil }
                }
                offer.parameters.append((name, value))
            }
            offers.append(offer)
        } while scanner.take(",")
        return scanner.isAtEnd ? offers : nil
    }
}
