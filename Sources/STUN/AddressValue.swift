package import NIOCore

/// The value that MAPPED-ADDRESS, XOR-MAPPED-ADDRESS and ALTERNATE-SERVER share (RFC 8489 §14.1, §14.2).
///
/// ```
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |0 0 0 0 0 0 0 0|    family     |             port              |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                 address, 32 or 128 bits                       |
/// ```
package enum AddressValue {
    /// Takes an address from the value of an attribute of `type`; the first byte is ignored, as §14.1 asks.
    package static func decode(_ value: Span<UInt8>, of type: AttributeType) throws(STUNError) -> TransportAddress {
        guard value.count >= 4, let ip = IPAddress(bytes: value.extracting(droppingFirst: 4)),
            ip.family.rawValue == value[1]
        else { throw .malformedAttribute(type) }
        return TransportAddress(ip: ip, port: value.uint16(at: 2))
    }

    /// Appends `address` to `buffer`.
    package static func encode(_ address: TransportAddress, into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(UInt8(0), address.family.rawValue, address.port)
        switch address.family {
        case .ipv4: buffer.writeInteger(UInt32(truncatingIfNeeded: address.ip.low))
        case .ipv6: buffer.writeMultipleIntegers(address.ip.high, address.ip.low)
        }
    }

    /// Hides an address from rewriting by translators on the way, or shows it again: the operation is its own inverse.
    ///
    /// The port is XOR-ed with the first half of the magic cookie, IPv4 with the cookie, IPv6 with cookie and
    /// transaction id (RFC 8489 §14.2).
    package static func xor(_ address: TransportAddress, in transaction: TransactionID) -> TransportAddress {
        let cookie = UInt64(STUNMessage.magicCookie)
        let ip =
            switch address.family {
            case .ipv4:
                IPAddress(ipv4: UInt32(truncatingIfNeeded: address.ip.low ^ cookie))
            case .ipv6:
                IPAddress(
                    ipv6High: address.ip.high ^ (cookie << 32 | transaction.high >> 32),
                    low: address.ip.low ^ (transaction.high << 32 | UInt64(transaction.low))
                )
            }
        return TransportAddress(ip: ip, port: address.port ^ UInt16(cookie >> 16))
    }
}
