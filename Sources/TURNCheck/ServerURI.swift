import STUN

/// The address of a STUN or TURN server as browsers are given it (RFC 7064, RFC 7065).
package struct ServerURI: Hashable, Sendable {
    /// What the server is for, and whether over TLS.
    package enum Scheme: String, CaseIterable, Sendable {
        case stun
        case stuns
        case turn
        case turns

        var isSecure: Bool { self == .stuns || self == .turns }
        /// Whether the server is to relay.
        package var isTURN: Bool { self == .turn || self == .turns }

        /// RFC 7064 §3.2 and RFC 7065 §3.1, by RFC 8489 §8.1.
        var defaultPort: UInt16 { isSecure ? 5349 : 3478 }
    }

    /// Why a text is no such address: what it must be, as the end of a sentence.
    package struct ParsingError: Error, Hashable {
        /// What the text must be.
        package var reason: String
    }

    /// What the server is for.
    package var scheme: Scheme
    /// A name, or an IP address without brackets.
    var host: String
    /// The port, if there is one.
    var port: UInt16?
    /// The transport, if there is one: UDP or TCP, below TLS if the scheme says so.
    var transport: Transport?

    init(scheme: Scheme, host: String, port: UInt16? = nil, transport: Transport? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.transport = transport
    }

    /// Reads an address.
    package init(_ text: String) throws(ParsingError) {
        guard let colon = text.firstIndex(of: ":"),
            let scheme = Scheme(rawValue: text[..<colon].lowercased())
        else { throw ParsingError(reason: "must begin with stun:, stuns:, turn: or turns:") }
        var rest = text[colon...].dropFirst()
        guard !rest.hasPrefix("//") else {
            throw ParsingError(reason: "must have no slashes: \(scheme.rawValue):host:port")
        }
        guard !rest.contains("@") else {
            throw ParsingError(reason: "must have no user in it: give --user NAME:PASSWORD")
        }
        var transport: Transport?
        if let question = rest.firstIndex(of: "?") {
            transport = try Self.transport(rest[question...].dropFirst(), scheme)
            rest = rest[..<question]
        }
        let (host, port) = try Self.hostAndPort(rest)
        self.init(scheme: scheme, host: host, port: port, transport: transport)
    }

    /// RFC 7065 §3.1 lets a query hold `transport=` and nothing else.
    ///
    /// RFC 7064 has none for STUN, where it is meant as clearly.
    private static func transport(_ query: Substring, _ scheme: Scheme) throws(ParsingError) -> Transport {
        let prefix = "transport="
        guard query.lowercased().hasPrefix(prefix),
            let transport = Transport(rawValue: query.dropFirst(prefix.count).lowercased()), transport != .tls
        else { throw ParsingError(reason: "must end in ?transport=udp or ?transport=tcp, or without a question mark") }
        if scheme.isSecure, transport == .udp {
            throw ParsingError(reason: "must not ask for DTLS, which is not spoken: leave ?transport=udp out")
        }
        return transport
    }

    private static func hostAndPort(_ text: Substring) throws(ParsingError) -> (String, UInt16?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), let ip = IPAddress(text[...end]), ip.family == .ipv6 else {
                throw ParsingError(reason: "must have an IPv6 address in its brackets")
            }
            return (ip.description, try port(text[end...].dropFirst()))
        }
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let host = text[..<colon]
        guard text[colon...].dropFirst().firstIndex(of: ":") == nil else {
            throw ParsingError(reason: "must have an IPv6 address in brackets: [2001:db8::1]")
        }
        guard (1...255).contains(host.utf8.count), host.utf8.allSatisfy(isNameByte) else {
            throw ParsingError(reason: "must have a host name or an IP address")
        }
        return (String(host), try port(text[colon...]))
    }

    /// Reads `:PORT`, or nothing.
    private static func port(_ text: Substring) throws(ParsingError) -> UInt16? {
        guard !text.isEmpty else { return nil }
        let digits = text.dropFirst()
        guard text.first == ":", digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(digits), port > 0
        else { throw ParsingError(reason: "must have a port of 1 to 65535") }
        return port
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension ServerURI: CustomStringConvertible {
    /// The address as browsers are given it.
    package var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        let port = port.map { ":\($0)" } ?? ""
        let query = transport.map { "?transport=\($0.rawValue)" } ?? ""
        return "\(scheme.rawValue):\(host)\(port)\(query)"
    }
}

extension ServerURI {
    /// A way to reach the server.
    struct Way: Hashable, Sendable {
        var transport: Transport
        var port: UInt16
        /// Whether the address asks for this way; the others are worth knowing about.
        var isRequired: Bool
    }

    /// The ways to try.
    ///
    /// An address without a transport asks for UDP, or for TLS if it is a secure one (RFC 7064 §3.1, RFC 7065 §3.1).
    /// What else servers usually offer is tried as well, for TLS on its own port unless the one for the rest is unusual.
    var ways: [Way] {
        let port = port ?? scheme.defaultPort
        if scheme.isSecure {
            return [Way(transport: .tls, port: port, isRequired: true)]
        }
        if let transport {
            return [Way(transport: transport, port: port, isRequired: true)]
        }
        var ways = [
            Way(transport: .udp, port: port, isRequired: true), Way(transport: .tcp, port: port, isRequired: false),
        ]
        if port == scheme.defaultPort {
            ways.append(Way(transport: .tls, port: Scheme.turns.defaultPort, isRequired: false))
        }
        return ways
    }
}
