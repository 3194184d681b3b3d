import NIOCore
import STUN
import Testing

@testable import TURN

@Suite struct TURNAttributeTests {
    private static let transaction = TransactionID(high: 0xB7E7_A701_BC34_D686, low: 0xFA87_DFAE)
    private static let ipv4 = TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 32853)
    private static let ipv6 = TransportAddress(ip: IPAddress(ipv6High: 0x2001_0DB8_1234_5678, low: 1), port: 1)

    private static let examples: [(attribute: any STUNAttribute, wire: [UInt8])] = [
        (ChannelNumber(0x4001), [0x40, 0x01, 0, 0]),
        (Lifetime(seconds: 600), [0, 0, 0x02, 0x58]),
        (XORPeerAddress(ipv4), [0, 1, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43]),
        (
            XORRelayedAddress(ipv6),
            [
                0, 2, 0x21, 0x13, 0x01, 0x13, 0xA9, 0xFA, 0xA5, 0xD3, 0xF1, 0x79, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87,
                0xDF,
                0xAF,
            ]
        ),
        (RequestedAddressFamily(.ipv6), [2, 0, 0, 0]),
        (AdditionalAddressFamily(.ipv6), [2, 0, 0, 0]),
        (EvenPort(reservesNext: true), [0x80]),
        (EvenPort(reservesNext: false), [0]),
        (RequestedTransport.udp, [17, 0, 0, 0]),
        (RequestedTransport.tcp, [6, 0, 0, 0]),
        (DontFragment(), []),
        (ReservationToken(0x0102_0304_0506_0708), [1, 2, 3, 4, 5, 6, 7, 8]),
        (AddressErrorCode(.ipv6, .addressFamilyNotSupported), [2, 0, 4, 40]),
        (ICMP(icmpType: 3, code: 4, data: 1400), [0, 0, 0x06, 0x04, 0, 0, 0x05, 0x78]),
        (ICMP(icmpType: 127, code: 511), [0, 0, 0xFF, 0xFF, 0, 0, 0, 0]),
        (ConnectionID(7), [0, 0, 0, 7]),
        (MobilityTicket.example, [1, 2, 3]),
    ]

    @Test func encodingAndDecodingAreInverse() throws {
        for (attribute, wire) in Self.examples {
            try check(attribute, wire)
        }
    }

    private func check<Attribute: STUNAttribute>(_ attribute: Attribute, _ wire: [UInt8]) throws {
        var writer = STUNMessageWriter(MessageType(.request, .allocate), transactionID: Self.transaction)
        try writer.append(attribute)
        let bytes = Array(buffer: writer.finish())
        #expect(Array(bytes.dropFirst(24).prefix(wire.count)) == wire, "\(attribute)")
        let read = try STUNMessage(bytes.span).first(Attribute.self)
        #expect(read == attribute)
    }

    /// Every other length is refused, but for the one attribute whose length is free.
    @Test func wrongLengthsAreRefused() {
        for (attribute, wire) in Self.examples where !(attribute is MobilityTicket) {
            for value in [wire + [0]] + (0..<wire.count).map({ Array(wire[..<$0]) }) {
                // A reason phrase may follow a code, and an IPv4 address is no prefix of anything.
                if attribute is AddressErrorCode, value.count > wire.count { continue }
                let isRead = decodes(attribute, value)
                #expect(!isRead, "\(attribute) from \(value)")
            }
        }
        #expect(decodes(MobilityTicket.example, Array(repeating: 0, count: 256)))
        #expect(!decodes(MobilityTicket.example, Array(repeating: 0, count: 257)))
        #expect(throws: STUNError.malformedAttribute(.mobilityTicket)) {
            try MobilityTicket(Array(repeating: 0, count: 257))
        }
    }

    private func decodes<Attribute: STUNAttribute>(_ example: Attribute, _ value: [UInt8]) -> Bool {
        (try? Attribute(decoding: value.span, in: Self.transaction)) != nil
    }

    @Test func reservedBitsAreIgnored() throws {
        #expect(try ChannelNumber(decoding: [0x40, 0, 0xFF, 0xFF].span, in: Self.transaction) == ChannelNumber(0x4000))
        #expect(try EvenPort(decoding: [0x7F].span, in: Self.transaction) == EvenPort(reservesNext: false))
        #expect(try RequestedTransport(decoding: [17, 1, 2, 3].span, in: Self.transaction) == .udp)
    }
}

extension MobilityTicket {
    fileprivate static var example: MobilityTicket {
        guard let ticket = try? MobilityTicket([1, 2, 3]) else { preconditionFailure("three bytes are not too many") }
        return ticket
    }
}
