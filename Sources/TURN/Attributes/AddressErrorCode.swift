public import NIOCore
public import STUN

/// ADDRESS-ERROR-CODE: why one of two relayed addresses could not be had (RFC 8656 §18.12).
public struct AddressErrorCode: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.addressErrorCode

    /// The family of the address that is missing.
    public let family: AddressFamily
    /// Why.
    public let error: ErrorCode

    /// Makes the attribute.
    public init(_ family: AddressFamily, _ error: ErrorCode) {
        self.family = family
        self.error = error
    }

    /// Takes the attribute from a message; the reserved bits are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count >= 4, let family = AddressFamily(rawValue: value[0]),
            let error = try? ErrorCode(decoding: value, in: transaction)
        else { throw .malformedAttribute(Self.type) }
        self.init(family, error)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        let start = buffer.writerIndex
        error.encode(into: &buffer, in: transaction)
        // The value is that of ERROR-CODE with the family in a byte that is reserved there.
        buffer.setInteger(family.rawValue, at: start)
    }
}
