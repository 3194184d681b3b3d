import STUN

/// Writes the header of a Data indication in front of the payload that it carries (RFC 8656 §11.4).
enum DataIndication {
    /// Writes everything up to the payload at the end of `header`.
    /// - Returns: How many bytes it takes; `nil` if the indication would not fit a message.
    static func writeHeader(
        peer: TransportAddress,
        payloadLength: Int,
        transactionID: TransactionID,
        atEndOf header: inout MutableSpan<UInt8>
    ) -> Int? {
        let addressLength =
            switch peer.family {
            case .ipv4: 8
            case .ipv6: 20
            }
        let headerLength = STUNMessage.headerLength + 4 + addressLength + 4
        let paddedLength = (payloadLength + 3) & ~3
        let messageLength = headerLength - STUNMessage.headerLength + paddedLength
        guard messageLength <= UInt16.max, header.count >= headerLength else { return nil }
        var writer = SpanWriter(offset: header.count - headerLength)
        writer.write(MessageType(.indication, .data).wireValue, to: &header)
        writer.write(UInt16(messageLength), to: &header)
        writer.write(STUNMessage.magicCookie, to: &header)
        writer.write(transactionID.high, to: &header)
        writer.write(transactionID.low, to: &header)
        writer.write(AttributeType.xorPeerAddress.rawValue, to: &header)
        writer.write(UInt16(addressLength), to: &header)
        let hidden = AddressValue.xor(peer, in: transactionID)
        writer.write(UInt16(hidden.family.rawValue), to: &header)
        writer.write(hidden.port, to: &header)
        switch hidden.family {
        case .ipv4: writer.write(UInt32(truncatingIfNeeded: hidden.ip.low), to: &header)
        case .ipv6:
            writer.write(hidden.ip.high, to: &header)
            writer.write(hidden.ip.low, to: &header)
        }
        writer.write(AttributeType.data.rawValue, to: &header)
        writer.write(UInt16(payloadLength), to: &header)
        return headerLength
    }
}

/// Writes integers in network order into bytes that are there.
private struct SpanWriter {
    var offset: Int

    mutating func write<Value: FixedWidthInteger>(_ value: Value, to bytes: inout MutableSpan<UInt8>) {
        for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
            bytes[offset] = UInt8(truncatingIfNeeded: value >> Value(shift))
            offset += 1
        }
    }
}

extension MutableSpan<UInt8> {
    /// Writes four bytes in network order at the end.
    mutating func writeEnd(_ value: UInt32) {
        var writer = SpanWriter(offset: count - 4)
        writer.write(value, to: &self)
    }
}

/// The transaction ids of indications, which nobody answers: they have to differ, not to be secret.
struct IndicationIDs {
    private var high: UInt64
    private var low: UInt32

    init() {
        var generator = SystemRandomNumberGenerator()
        high = generator.next()
        low = generator.next()
    }

    mutating func next() -> TransactionID {
        high &+= 0x9E37_79B9_7F4A_7C15
        return TransactionID(high: high ^ high >> 31, low: low)
    }
}
