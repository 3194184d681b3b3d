public import NIOCore

/// ALTERNATE-DOMAIN: the name that the certificate of an alternate server has to carry (RFC 8489 §14.16).
public struct AlternateDomain: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.alternateDomain

    /// The domain name.
    public let name: String

    private static let maximumLength = 255

    /// Makes the attribute.
    ///
    /// - Parameter name: A domain name, internationalised labels as A-labels; 1 to 255 ASCII letters, digits, hyphens
    ///   and dots.
    /// - Throws: ``STUNError/malformedAttribute(_:)`` for anything else.
    public init(_ name: String) throws(STUNError) {
        guard Self.admits(name) else { throw .malformedAttribute(Self.type) }
        self.name = name
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        try self.init(decodeText(value, limit: .bytes(Self.maximumLength), of: Self.type))
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeString(name)
    }

    private static func admits(_ name: String) -> Bool {
        (1...maximumLength).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default:
                    false
                }
            }
    }
}
