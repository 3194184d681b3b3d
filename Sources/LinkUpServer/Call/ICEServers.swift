import TURN

/// An entry of `RTCConfiguration.iceServers`.
struct ICEServer: Encodable, Equatable, Sendable {
    /// URLs as of RFC 7064 and RFC 7065.
    var urls: [String]
    /// The name for TURN; `nil` for STUN, which needs none.
    var username: String?
    /// The password for TURN.
    var credential: String?
}

/// Says where clients find the STUN and TURN server, and gives them credentials for it.
struct ICEServers: Sendable {
    /// The port of the server, for UDP and TCP.
    var turnPort: Int
    /// The host at which clients reach the server; `nil` for the host of the page, which works wherever the page was
    /// opened from as long as both run on one machine.
    var turnHost: String?
    /// The port of TURN over TLS; `nil`, the default, when TLS is not spoken.
    var tlsPort: Int?
    /// Whether TURN is spoken over TCP too.
    var hasTCP = true
    /// What the server accepts; `nil`, the default, when it relays for nobody, and is for STUN alone.
    var credentials: TimeLimitedCredentials?
    /// How long credentials last; more than ``renewalTime``, and at least a second.
    ///
    /// Default 4 hours: few calls last so long, so that few are disturbed by a renewal. They end before that when their
    /// participant has left for good, so what somebody takes out of a page is worth nothing after the call.
    var lifetime = Duration.seconds(4 * 3600)
    /// How long before their end credentials are replaced.
    ///
    /// Default 30 minutes. The server ends allocations with the credential that they were made with, so calls must
    /// have moved to new ones by then. That takes seconds; the rest is for clients that have no connection when it is
    /// time, and get new credentials when they are back.
    var renewalTime = Duration.seconds(30 * 60)

    /// How long the credentials of ``servers(hostHeader:for:at:)`` are to be used; `nil` when there are none.
    var renewalInterval: Duration? {
        credentials == nil ? nil : lifetime - renewalTime
    }

    /// Lists the ICE servers for a participant.
    /// - Parameters:
    ///   - hostHeader: The `Host` field of the client's handshake.
    ///   - user: Whom the credentials are for, as the TURN server sees it: a name that means nothing to anybody else.
    ///   - time: The time of day, in milliseconds since 1970.
    /// - Returns: STUN, and TURN over each transport that there is; nothing when no host is known.
    func servers(hostHeader: String?, for user: String, at time: Int64) -> [ICEServer] {
        guard let host = turnHost.map(Self.bracketed) ?? hostHeader.flatMap(Self.host) else { return [] }
        let stun = ICEServer(urls: ["stun:\(host):\(turnPort)"])
        guard let credentials else { return [stun] }
        // In the order in which they are worth trying; browsers choose by themselves.
        var urls = ["turn:\(host):\(turnPort)?transport=udp"]
        if hasTCP { urls.append("turn:\(host):\(turnPort)?transport=tcp") }
        if let tlsPort { urls.append("turns:\(host):\(tlsPort)?transport=tcp") }
        let expiry = UInt32(clamping: time / 1000 + lifetime.components.seconds)
        let (username, password) = credentials.issue(for: user, until: expiry)
        return [stun, ICEServer(urls: urls, username: username, credential: password)]
    }

    /// Takes the port off a `Host` field (RFC 9110, section 7.2).
    /// - Returns: A name, an IPv4 address, or an IPv6 address in brackets; `nil` when it is none of these.
    static func host(_ header: String) -> String? {
        let bytes = header.utf8
        guard (1...255).contains(bytes.count) else { return nil }
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), isPort(header[end...].dropFirst()) else {
                return nil
            }
            let address = header[...end]
            let inner = address.utf8.dropFirst().dropLast()
            return !inner.isEmpty && inner.allSatisfy(isAddressByte) ? String(address) : nil
        }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? header.endIndex
        let name = header[..<colon]
        guard !name.isEmpty, isPort(header[colon...]), name.utf8.allSatisfy(isNameByte) else { return nil }
        return String(name)
    }

    /// Puts an IPv6 address that stands alone into brackets.
    private static func bracketed(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) && !host.hasPrefix("[") ? "[\(host)]" : host
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.utf8.first == UInt8(ascii: ":") && text.utf8.dropFirst().allSatisfy(isDigit))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
            || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }
}
