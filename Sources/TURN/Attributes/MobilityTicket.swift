public import NIOCore
public import STUN

/// MOBILITY-TICKET: proves that a client from another address owns an allocation (RFC 8016 §3.1).
public struct MobilityTicket: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.mobilityTicket

    /// The ticket, opaque to the client; empty where it asks for one.
    public let bytes: [UInt8]

    private static let maximumLength = 256

    /// Makes the attribute.
    /// - Parameter bytes: At most 256 bytes, several times of what LinkUp hands out.
    /// - Throws: ``/STUN/STUNError/malformedAttribute(_:)`` if there are more.
    public init(_ bytes: [UInt8] = []) throws(STUNError) {
        guard bytes.count <= Self.maximumLength else { throw .malformedAttribute(Self.type) }
        self.bytes = bytes
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count <= Self.maximumLength else { throw .malformedAttribute(Self.type) }
        bytes = value.indices.map { value[$0] }
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeBytes(bytes)
    }
}
