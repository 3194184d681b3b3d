public import Crypto
import FoundationEssentials
import Networking

/// The key that an account with a certificate authority belongs to: ECDSA on P-256 (RFC 8555 §6.2).
public struct AccountKey: Sendable {
    let key: P256.Signing.PrivateKey

    /// Takes a key.
    public init(_ key: P256.Signing.PrivateKey) {
        self.key = key
    }

    /// Reads what ``pem`` has given.
    /// - Returns: `nil` if it is no key of this kind.
    public init?(pem: String) {
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else { return nil }
        self.key = key
    }

    /// The key in PEM.
    public var pem: String { key.pemRepresentation }

    /// The public key (RFC 7517).
    var webKey: WebKey {
        let point = key.publicKey.rawRepresentation
        return WebKey(x: Base64URL.encode(point.prefix(32)), y: Base64URL.encode(point.suffix(32)))
    }

    /// What says that this account asks for the certificate (RFC 8555 §8.1).
    public func keyAuthorization(of token: String) -> String { "\(token).\(webKey.thumbprint)" }
}

/// A public key on P-256 in JSON (RFC 7518 §6.2.1).
struct WebKey: Encodable, Equatable {
    var crv = "P-256"
    var kty = "EC"
    var x: String
    var y: String

    /// The name of the key: the hash of its members in the order of their names (RFC 7638).
    var thumbprint: String {
        let text = #"{"crv":"\#(crv)","kty":"\#(kty)","x":"\#(x)","y":"\#(y)"}"#
        return Base64URL.encode(SHA256.hash(data: Data(text.utf8)))
    }
}
