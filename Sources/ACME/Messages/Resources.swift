/// Where the resources of a certificate authority are (RFC 8555 §7.1.1).
struct Directory: Decodable, Equatable {
    struct Meta: Decodable, Equatable {
        var termsOfService: String?
        var externalAccountRequired: Bool?
    }

    var newNonce: ResourceAddress
    var newAccount: ResourceAddress
    var newOrder: ResourceAddress
    var meta: Meta?
}

/// An account (RFC 8555 §7.1.2).
struct Account: Decodable, Equatable {
    enum Status: String, Decodable {
        case valid, deactivated, revoked
    }

    var status: Status
    var contact: [String]?
}

/// An order of a certificate (RFC 8555 §7.1.3).
struct Order: Decodable, Equatable {
    enum Status: String, Decodable {
        case pending, ready, processing, valid, invalid
    }

    var status: Status
    var authorizations: [ResourceAddress]
    var finalize: ResourceAddress
    var certificate: ResourceAddress?
    var error: Problem?
}

/// What an account may do with a name (RFC 8555 §7.1.4).
struct Authorization: Decodable, Equatable {
    enum Status: String, Decodable {
        case pending, valid, invalid, deactivated, expired, revoked
    }

    var identifier: Identifier
    var status: Status
    var challenges: [Challenge]
}

/// What a certificate is for (RFC 8555 §9.7.7).
struct Identifier: Codable, Equatable {
    var type = "dns"
    var value: String
}

/// A way to show that a name is one's own (RFC 8555 §7.1.5).
struct Challenge: Decodable, Equatable {
    enum Status: String, Decodable {
        case pending, processing, valid, invalid
    }

    var type: String
    var url: ResourceAddress
    var status: Status
    /// Absent in challenges of kinds that nobody here knows.
    var token: String?
    var error: Problem?

    /// The most characters of a token: it stands in an address.
    static let maximumTokenLength = 256

    /// Whether the token is what it has to be: random, and of the alphabet that is safe in an address (RFC 8555 §8.3).
    static func isUsable(token: String) -> Bool {
        (1...maximumTokenLength).contains(token.utf8.count) && token.utf8.allSatisfy(isOfBase64URL)
    }

    /// Whether a byte is of the alphabet of base64 for addresses (RFC 4648 §5).
    static func isOfBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// The payloads of requests.
enum Payload {
    /// A new account, or the one that there is (RFC 8555 §7.3).
    struct NewAccount: Encodable {
        var termsOfServiceAgreed = true
        var contact: [String]?
    }

    /// The contact of an account (RFC 8555 §7.3.2).
    struct Contact: Encodable {
        var contact: [String]
    }

    /// A new order (RFC 8555 §7.4).
    struct NewOrder: Encodable {
        var identifiers: [Identifier]
    }

    /// The signing request for an order (RFC 8555 §7.4).
    struct Finalize: Encodable {
        var csr: String
    }

    /// A challenge that may be looked at (RFC 8555 §7.5.1).
    struct Ready: Encodable {}
}
