public import NIOCore
public import STUN

/// ICMP: what the network says about a datagram that the server sent to a peer (RFC 8656 §18.13).
public struct ICMP: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.icmp

    /// The type, up to 127: ICMP's for an IPv4 peer, ICMPv6's for an IPv6 peer.
    public let icmpType: UInt8
    /// The code, up to 511.
    public let code: UInt16
    /// For "fragmentation needed" and "packet too big" the MTU, otherwise zero.
    public let data: UInt32

    /// Makes the attribute; bits that do not fit are left out.
    public init(icmpType: UInt8, code: UInt16, data: UInt32 = 0) {
        self.icmpType = icmpType & 0x7F
        self.code = code & 0x1FF
        self.data = data
    }

    /// Takes the attribute from a message; the reserved bytes are ignored.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count == 8 else { throw .malformedAttribute(Self.type) }
        let bits = value.uint16(at: 2)
        self.init(icmpType: UInt8(bits >> 9), code: bits, data: value.uint32(at: 4))
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeMultipleIntegers(UInt16(0), UInt16(icmpType) << 9 | code, data)
    }

    /// Whether clients are told of an ICMP type (RFC 8656 §11.5): destination unreachable and time exceeded of IPv4;
    /// destination unreachable, packet too big and time exceeded of IPv6.
    static func isReported(type: UInt8, family: AddressFamily) -> Bool {
        switch family {
        case .ipv4: type == 3 || type == 11
        case .ipv6: (1...3).contains(type)
        }
    }
}
