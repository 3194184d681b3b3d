public import NIOCore
public import STUN

/// REQUESTED-TRANSPORT: how the server is to speak with peers (RFC 8656 §18.8).
public struct RequestedTransport: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.requestedTransport

    /// UDP, as in most allocations.
    public static let udp = RequestedTransport(protocolNumber: 17)
    /// TCP, as in RFC 6062.
    public static let tcp = RequestedTransport(protocolNumber: 6)

    /// The number of the protocol in IP's registry.
    public let protocolNumber: UInt8

    /// Makes the attribute.
    public init(protocolNumber: UInt8) {
        self.protocolNumber = protocolNumber
    }

    /// Takes the attribute from a message; the reserved bytes are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 4 else { throw .malformedAttribute(Self.type) }
        protocolNumber = value[0]
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeInteger(UInt32(protocolNumber) << 24)
    }
}
