import Crypto
import FoundationEssentials
import Networking

/// The body of a request: a JSON Web Signature in flattened form (RFC 7515 §7.2.2, RFC 8555 §6.2).
struct SignedRequest: Encodable, Equatable {
    /// Who signs.
    enum Signer: Equatable {
        /// Whoever has the key; for the request that makes or finds the account.
        case key
        /// The account with this address.
        case account(String)
    }

    private struct Header: Encodable {
        var alg = "ES256"
        var jwk: WebKey?
        var kid: String?
        var nonce: String
        var url: String
    }

    private enum CodingKeys: String, CodingKey {
        case header = "protected"
        case payload, signature
    }

    let header: String
    let payload: String
    let signature: String

    /// Signs a request.
    /// - Parameters:
    ///   - payload: JSON; nothing for a request that only reads (RFC 8555 §6.3).
    ///   - url: Where the request goes to.
    ///   - nonce: What the authority has given for one request.
    ///   - signer: How the authority finds the key.
    ///   - key: The key of the account.
    /// - Throws: What Crypto throws when it can't sign.
    init(_ payload: [UInt8], to url: String, nonce: String, as signer: Signer, with key: AccountKey) throws {
        let header =
            switch signer {
            case .key: Header(jwk: key.webKey, nonce: nonce, url: url)
            case .account(let address): Header(kid: address, nonce: nonce, url: url)
            }
        self.header = Base64URL.encode(try JSON.encode(header))
        self.payload = Base64URL.encode(payload)
        let signed = Data("\(self.header).\(self.payload)".utf8)
        signature = Base64URL.encode(try key.key.signature(for: signed).rawRepresentation)
    }
}

/// JSON as it is sent: members in the order of their names, so that equal values are equal bytes.
enum JSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    static func decode<Value: Decodable>(_ bytes: [UInt8], as type: Value.Type) -> Value? {
        try? JSONDecoder().decode(type, from: Data(bytes))
    }
}
