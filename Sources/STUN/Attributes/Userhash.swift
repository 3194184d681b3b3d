import Crypto
public import NIOCore

/// USERHASH: who sends the request, for the server's eyes only (RFC 8489 §14.4).
///
/// A plain value of 32 bytes, so that it can be the key of a table.
public struct Userhash: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.userhash

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Makes the hash of a user: SHA-256 of `username:realm`.
    ///
    /// - Parameters:
    ///   - username: The name, prepared with OpaqueString (RFC 8265).
    ///   - realm: The realm, without quotes.
    public init(username: String, realm: String) {
        let digest = Array(SHA256.hash(data: Array("\(username):\(realm)".utf8)))
        self.init(words: digest.span)
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == SHA256.byteCount else { throw .malformedAttribute(Self.type) }
        self.init(words: value)
    }

    private init(words bytes: Span<UInt8>) {
        first = bytes.uint64(at: 0)
        second = bytes.uint64(at: 8)
        third = bytes.uint64(at: 16)
        fourth = bytes.uint64(at: 24)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeMultipleIntegers(first, second, third, fourth)
    }
}
