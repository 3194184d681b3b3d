import Crypto
import FoundationEssentials
public import STUN

/// Makes nonces and knows its own again, without keeping any.
///
/// A nonce carries when it was made and a code over that and the client's address under a secret, so it is good for one
/// address only (RFC 8489 §9.2.4 forbids to give one nonce to two), or for one host where that is asked for; and whoever
/// floods the server from forged addresses costs it no memory. Servers that share the secret accept each other's nonces.
///
/// ```
/// obMatJos2 gAAB  SSSSSSSSSSSSSSSS
/// cookie    bits  base64url of 4 bytes of seconds, 2 of the port and 6 of HMAC-SHA256
/// ```
public struct NonceIssuer: Sendable {
    /// What a nonce begins with, and which security features it says the server offers (RFC 8489 §9.2): password
    /// algorithms and nothing else.
    ///
    /// The RFC can be read in two ways about which end of the 24 bits is bit 0; both ends are set, so that clients of
    /// either reading see it.
    static let cookie = "obMatJos2gAAB"

    /// What a nonce turns out to be.
    public enum Verdict: Hashable, Sendable {
        /// Made for this client, and fresh.
        case valid
        /// Made too long ago, for somebody else, or not by this server; the client gets a new one with 438.
        case stale
    }

    private static let timeLength = 4
    private static let portLength = 2
    private static let codeLength = 6

    private let secret: SymmetricKey
    private let lifetime: Int64

    /// Makes an issuer.
    /// - Parameters:
    ///   - secret: Random bytes, from the system unless given; the same for servers behind one name.
    ///   - lifetime: How long a nonce is good; one hour, longer than the 600 s in which clients refresh, so that most
    ///     calls never see 438.
    /// - Precondition: `secret` has 16 bytes or more, `lifetime` is a second or more.
    public init(secret: [UInt8]? = nil, lifetime: Duration = .seconds(3600)) {
        precondition(secret.map { $0.count >= 16 } ?? true, "the secret of nonces must have 16 bytes or more")
        precondition(lifetime >= .seconds(1), "the lifetime of nonces must be a second or more")
        self.secret = secret.map { SymmetricKey(data: $0) } ?? SymmetricKey(size: .bits256)
        self.lifetime = lifetime.components.seconds
    }

    /// Makes a nonce.
    /// - Parameters:
    ///   - client: Whom it is for.
    ///   - now: Unix time in seconds.
    /// - Returns: The nonce, 29 characters.
    public func makeNonce(for client: TransportAddress, at now: UInt32) -> Nonce {
        let time = withUnsafeBytes(of: now.bigEndian, Array.init)
        let port = withUnsafeBytes(of: client.port.bigEndian, Array.init)
        let bytes = time + port + code(over: now, client)
        let text = Self.cookie + Base64URL.encode(bytes)
        guard let nonce = try? Nonce(text) else { preconditionFailure("a nonce of \(text.utf8.count) bytes") }
        return nonce
    }

    /// Judges a nonce that a client sent.
    /// - Parameters:
    ///   - nonce: The nonce.
    ///   - client: Where it came from.
    ///   - now: Unix time in seconds.
    ///   - fromAnyPort: Whether one is good that was made for another port of the client's host; not unless given.
    /// - Returns: What it turns out to be.
    public func judge(
        _ nonce: Nonce,
        from client: TransportAddress,
        at now: UInt32,
        fromAnyPort: Bool = false
    ) -> Verdict {
        guard nonce.text.hasPrefix(Self.cookie),
            let bytes = Base64URL.decode(nonce.text.dropFirst(Self.cookie.count)),
            bytes.count == Self.timeLength + Self.portLength + Self.codeLength
        else { return .stale }
        let time = bytes.span.uint32(at: 0)
        let owner = TransportAddress(ip: client.ip, port: bytes.span.uint16(at: Self.timeLength))
        let code = bytes.span.extracting(droppingFirst: Self.timeLength + Self.portLength)
        guard fromAnyPort || owner.port == client.port,
            constantTimeEquals(self.code(over: time, owner).span, code)
        else { return .stale }
        // A nonce from the near future comes from a server whose clock is ahead.
        return abs(Int64(now) - Int64(time)) <= lifetime ? .valid : .stale
    }

    private func code(over time: UInt32, _ client: TransportAddress) -> [UInt8] {
        var code = HMAC<SHA256>(key: secret)
        let end = UInt64(client.family.rawValue) << 16 | UInt64(client.port)
        for word in [UInt64(time), client.ip.high, client.ip.low, end] {
            code.update(data: withUnsafeBytes(of: word.bigEndian, Array.init))
        }
        return Array(code.finalize().prefix(Self.codeLength))
    }
}
