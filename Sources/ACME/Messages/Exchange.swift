/// A request that the driver sends to the certificate authority.
public struct ACMERequest: Equatable, Sendable {
    /// The method of HTTP.
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    /// The type of all bodies (RFC 8555 §6.2).
    public static let contentType = "application/jose+json"

    /// The method.
    public var method: Method
    /// The address, `https:` always.
    public var url: String
    /// The body of a POST, of ``contentType``; empty otherwise.
    public var body: [UInt8] = []
}

/// What the certificate authority has answered.
public struct ACMEResponse: Equatable, Sendable {
    /// The most bytes of a body that are looked at: a chain of certificates for a hundred names has a quarter of it.
    ///
    /// A driver reads no more than one byte beyond.
    public static let maximumBodyLength = 256 * 1024

    /// The status code.
    public var status: Int
    /// The field `Replay-Nonce`: what the next request may be signed with.
    public var nonce: String?
    /// The field `Location`: where a new resource is.
    public var location: String?
    /// The field `Retry-After`, in either of its forms.
    public var retryAfter: String?
    /// The field `Date`, by which a wrong clock is known.
    public var date: String?
    /// The body.
    public var body: [UInt8]

    /// Makes a response.
    public init(
        status: Int,
        nonce: String? = nil,
        location: String? = nil,
        retryAfter: String? = nil,
        date: String? = nil,
        body: [UInt8] = []
    ) {
        self.status = status
        self.nonce = nonce
        self.location = location
        self.retryAfter = retryAfter
        self.date = date
        self.body = body
    }
}

/// An address that a certificate authority has given.
struct ResourceAddress: Equatable {
    /// The longest that is used.
    static let maximumLength = 2048

    let text: String

    /// Takes an address of `https:` with a host, in visible ASCII.
    /// - Returns: `nil` for any other.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength, text.hasPrefix("https://"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let host = text.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !host.isEmpty, !host.contains("@") else { return nil }
        self.text = text
    }
}

extension ResourceAddress: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no address of https")
        }
        self = address
    }
}
