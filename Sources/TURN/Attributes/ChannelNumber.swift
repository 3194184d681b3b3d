public import NIOCore
public import STUN

/// CHANNEL-NUMBER: a channel, which stands for a peer in ChannelData (RFC 8656 §18.1).
public struct ChannelNumber: STUNAttribute {
    /// How many bytes stand before the payload of ChannelData: number and length (RFC 8656 §12.4).
    static let headerLength = 4

    /// The number of the attribute.
    public static let type = AttributeType.channelNumber

    /// The numbers that channels may have; the range is what tells ChannelData from all else on a socket (RFC 7983,
    /// RFC 8656 §12).
    public static let range: ClosedRange<UInt16> = 0x4000...0x4FFF

    /// The numbers that channels had before (RFC 5766 §11), which coturn's clients still draw from.
    public static let formerRange: ClosedRange<UInt16> = 0x4000...0x7FFF

    /// The number on the wire, in a range or not.
    public let number: UInt16

    /// Makes the attribute of any number.
    public init(_ number: UInt16) {
        self.number = number
    }

    /// Takes the attribute from a message; the reserved bytes are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 4 else { throw .malformedAttribute(Self.type) }
        number = value.uint16(at: 0)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeMultipleIntegers(number, UInt16(0))
    }
}
