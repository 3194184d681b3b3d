public import NIOCore

/// CHANGE-REQUEST: asks for an answer from another address of the server (RFC 5780 §7.2).
public struct ChangeRequest: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.changeRequest

    /// Whether the answer is to come from the other IP address.
    public let changesAddress: Bool
    /// Whether the answer is to come from the other port.
    public let changesPort: Bool

    private static let addressBit: UInt32 = 0b100
    private static let portBit: UInt32 = 0b010

    /// Makes the attribute.
    public init(changesAddress: Bool, changesPort: Bool) {
        self.changesAddress = changesAddress
        self.changesPort = changesPort
    }

    /// Takes the attribute from a message; the other bits are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 4 else { throw .malformedAttribute(Self.type) }
        let bits = value.uint32(at: 0)
        changesAddress = bits & Self.addressBit != 0
        changesPort = bits & Self.portBit != 0
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger((changesAddress ? Self.addressBit : 0) | (changesPort ? Self.portBit : 0))
    }
}
