public import NIOCore
public import STUN

/// An attribute that says a family of addresses (RFC 8656 §18.6, §18.11).
public protocol AddressFamilyAttribute: STUNAttribute {
    /// The number on the wire; 1 is IPv4, 2 is IPv6.
    var number: UInt8 { get }

    /// Makes the attribute of any number.
    init(number: UInt8)
}

extension AddressFamilyAttribute {
    /// The family, or `nil` if the number stands for none.
    public var family: AddressFamily? { AddressFamily(rawValue: number) }

    /// Makes the attribute.
    public init(_ family: AddressFamily) {
        self.init(number: family.rawValue)
    }

    /// Takes the attribute from a message; the reserved bytes are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 4 else { throw .malformedAttribute(Self.type) }
        self.init(number: value[0])
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger(UInt32(number) << 24)
    }
}
