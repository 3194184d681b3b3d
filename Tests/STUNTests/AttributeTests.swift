import NIOCore
import Testing

@testable import STUN

@Suite struct AttributeTests {
    static let transaction = TransactionID(high: 0xB7E7_A701_BC34_D686, low: 0xFA87_DFAE)
    static let ipv4 = TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 32853)
    static let ipv6 = TransportAddress(ip: IPAddress(ipv6High: 0x2001_0DB8_1234_5678, low: 1), port: 1)

    /// Each attribute with its value on the wire.
    static func examples() throws -> [(attribute: any STUNAttribute, wire: String)] {
        [
            (MappedAddress(ipv4), "00018055c0000201"),
            (MappedAddress(ipv6), "0002000120010db8123456780000000000000001"),
            (XORMappedAddress(ipv4), "0001a147e112a643"),
            (XORMappedAddress(ipv6), "000221130113a9faa5d3f179bc34d686fa87dfaf"),
            (AlternateServer(ipv4), "00018055c0000201"),
            (try AlternateDomain("stun-1.example.org"), "7374756e2d312e6578616d706c652e6f7267"),
            (try Username(""), ""),
            (try Username("evtj:h6vY"), "6576746a3a68367659"),
            (try Realm("example.org"), "6578616d706c652e6f7267"),
            (try Nonce("\u{30DE}"), "e3839e"),
            (try Software("LinkUp"), "4c696e6b5570"),
            (try ErrorCode(420), "00000414"),
            (try ErrorCode(699, reason: "why"), "00000663776879"),
            (ErrorCode.tryAlternate, "00000300"),
            (ErrorCode.badRequest, "00000400"),
            (ErrorCode.unauthenticated, "00000401"),
            (ErrorCode.staleNonce, "00000426"),
            (ErrorCode.serverError, "00000500"),
            (try UnknownAttributes([]), ""),
            (try UnknownAttributes([AttributeType(rawValue: 0x7FFF), .realm]), "7fff0014"),
            (PasswordAlgorithm.md5, "00010000"),
            (PasswordAlgorithm.sha256, "00020000"),
            (try PasswordAlgorithm(number: 3, parameters: [9]), "0003000109000000"),
            (try PasswordAlgorithms([.sha256, .md5]), "0002000000010000"),
            (try PasswordAlgorithms([]), ""),
            (
                try PasswordAlgorithms([PasswordAlgorithm(number: 7, parameters: [1, 2, 3, 4, 5]), .md5]),
                "0007000501020304050000000001 0000"
            ),
            (
                Userhash(username: Vectors.user, realm: "example.org"),
                "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704"
            ),
        ]
    }

    @Test func encodingAndDecodingAreInverse() throws {
        for example in try Self.examples() {
            try check(example.attribute, wire: bytes(hex: example.wire))
        }
    }

    private func check<Attribute: STUNAttribute>(_ attribute: Attribute, wire: [UInt8]) throws {
        var buffer = ByteBuffer()
        attribute.encode(into: &buffer, in: Self.transaction)
        #expect(Array(buffer: buffer) == wire, "\(attribute)")
        let decoded = try Attribute(decoding: wire.span, in: Self.transaction)
        #expect(decoded == attribute)
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: Self.transaction)
        try writer.append(attribute)
        let bytes = Array(buffer: writer.finish())
        let message = try STUNMessage(bytes.span)
        let read = try message.first(Attribute.self)
        #expect(read == attribute)
    }

    /// Every shorter value is read without a trap: refused, or as the shorter attribute that it is.
    @Test func truncatedValuesNeverTrap() throws {
        for example in try Self.examples() {
            let wire = bytes(hex: example.wire)
            for length in 0...wire.count {
                for type in attributeTypes {
                    let error = decode(type, Array(wire[..<length]))
                    #expect(error == nil || error == .malformedAttribute(type.type))
                }
            }
        }
    }

    private func decode<Attribute: STUNAttribute>(_ type: Attribute.Type, _ value: [UInt8]) -> STUNError? {
        failure { () throws(STUNError) in _ = try Attribute(decoding: value.span, in: Self.transaction) }
    }

    @Test(
        arguments: [
            (MappedAddress.self, ""), (MappedAddress.self, "000180"), (MappedAddress.self, "00018055"),
            (MappedAddress.self, "00018055c00002"), (MappedAddress.self, "00018055c000020101"),
            (MappedAddress.self, "00028055c0000201"), (MappedAddress.self, "00038055c0000201"),
            (XORMappedAddress.self, "0001000120010db8123456780000000000000001"),
            (AlternateServer.self, "00008055c0000201"),
            (AlternateDomain.self, ""), (AlternateDomain.self, "61 20 62"), (AlternateDomain.self, "c3a4"),
            (Username.self, "ff"), (Realm.self, "c3"), (Nonce.self, "eda080"), (Software.self, "80"),
            (ErrorCode.self, ""), (ErrorCode.self, "000004"), (ErrorCode.self, "00000264"),
            (ErrorCode.self, "00000464"),
            (ErrorCode.self, "00000200"), (ErrorCode.self, "00000700"), (ErrorCode.self, "00000400ff"),
            (UnknownAttributes.self, "00"), (UnknownAttributes.self, "000100"),
            (PasswordAlgorithm.self, ""), (PasswordAlgorithm.self, "000100"), (PasswordAlgorithm.self, "00010001"),
            (PasswordAlgorithm.self, "0001000000010000"), (PasswordAlgorithm.self, "0001ffff"),
            (PasswordAlgorithms.self, "00"), (PasswordAlgorithms.self, "0001000000"),
            (Userhash.self, ""), (Userhash.self, "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f17"),
        ] as [(any STUNAttribute.Type, String)]
    )
    func malformedValues(type: any STUNAttribute.Type, hex: String) {
        #expect(decode(type, bytes(hex: hex)) == .malformedAttribute(type.type))
    }

    @Test func reservedBitsAreIgnored() throws {
        #expect(decode(ErrorCode.self, bytes(hex: "fffffc14")) == nil)
        #expect(decode(MappedAddress.self, bytes(hex: "ff018055c0000201")) == nil)
    }

    @Test func limitsOfText() throws {
        let most = String(repeating: "\u{1F44B}", count: 127)
        #expect(try Realm(most).text == most)
        #expect(try Nonce(most).text == most)
        #expect(try Software(most).text == most)
        #expect(try ErrorCode(400, reason: most).reason == most)
        let tooMuch = most + "x"
        #expect(failure { () throws(STUNError) in _ = try Realm(tooMuch) } == .malformedAttribute(.realm))
        #expect(failure { () throws(STUNError) in _ = try Nonce(tooMuch) } == .malformedAttribute(.nonce))
        #expect(failure { () throws(STUNError) in _ = try Software(tooMuch) } == .malformedAttribute(.software))
        #expect(
            failure { () throws(STUNError) in _ = try ErrorCode(400, reason: tooMuch) }
                == .malformedAttribute(.errorCode)
        )
        #expect(decode(Realm.self, Array(most.utf8)) == nil)
        #expect(decode(Realm.self, Array(tooMuch.utf8)) == .malformedAttribute(.realm))
        #expect(decode(Realm.self, Array(repeating: 0x61, count: 764)) == .malformedAttribute(.realm))
        let name = String(repeating: "u", count: 508)
        #expect(decode(Username.self, Array(name.utf8)) == nil)
        #expect(decode(Username.self, Array(name.utf8) + [0x75]) == .malformedAttribute(.username))
        #expect(failure { () throws(STUNError) in _ = try Username(name + "u") } == .malformedAttribute(.username))
        let domain = String(repeating: "d", count: 255)
        #expect(decode(AlternateDomain.self, Array(domain.utf8)) == nil)
        #expect(decode(AlternateDomain.self, Array(domain.utf8) + [0x64]) == .malformedAttribute(.alternateDomain))
    }

    @Test func limitsOfNumbers() {
        for code in [299, 700, -1, 0] {
            let error = failure { () throws(STUNError) in _ = try ErrorCode(code) }
            #expect(error == .malformedAttribute(.errorCode))
        }
        let sixteen = Array(repeating: PasswordAlgorithm.md5, count: 16)
        #expect(failure { () throws(STUNError) in _ = try PasswordAlgorithms(sixteen) } == nil)
        #expect(failure { () throws(STUNError) in _ = try PasswordAlgorithms(sixteen + [.md5]) } != nil)
        let wire = sixteen.flatMap { _ in bytes(hex: "00010000") }
        #expect(decode(PasswordAlgorithms.self, wire) == nil)
        #expect(decode(PasswordAlgorithms.self, wire + bytes(hex: "00010000")) != nil)
        let parameters = [UInt8](repeating: 0, count: 1024)
        #expect(failure { () throws(STUNError) in _ = try PasswordAlgorithm(number: 1, parameters: parameters) } == nil)
        let longer = failure { () throws(STUNError) in
            _ = try PasswordAlgorithm(number: 1, parameters: parameters + [0])
        }
        #expect(longer != nil)
        let types = Array(repeating: AttributeType.realm, count: 32_760)
        #expect(failure { () throws(STUNError) in _ = try UnknownAttributes(types) } == nil)
        #expect(failure { () throws(STUNError) in _ = try UnknownAttributes(types + [.realm]) } != nil)
    }

    @Test func numbersAreThoseOfTheRegistry() throws {
        let rows = Vectors.lines(of: "attributes.csv").compactMap { line -> (UInt16, String)? in
            let fields = line.split(separator: ",")
            guard fields.count == 2, let number = UInt16(fields[0].dropFirst(2), radix: 16) else { return nil }
            return (number, String(fields[1]))
        }
        let names: [String: AttributeType] = [
            "MAPPED-ADDRESS": .mappedAddress, "USERNAME": .username, "MESSAGE-INTEGRITY": .messageIntegrity,
            "ERROR-CODE": .errorCode, "UNKNOWN-ATTRIBUTES": .unknownAttributes, "REALM": .realm, "NONCE": .nonce,
            "MESSAGE-INTEGRITY-SHA256": .messageIntegritySHA256, "PASSWORD-ALGORITHM": .passwordAlgorithm,
            "USERHASH": .userhash, "XOR-MAPPED-ADDRESS": .xorMappedAddress,
            "PASSWORD-ALGORITHMS": .passwordAlgorithms, "ALTERNATE-DOMAIN": .alternateDomain, "SOFTWARE": .software,
            "ALTERNATE-SERVER": .alternateServer, "FINGERPRINT": .fingerprint,
        ]
        #expect(rows.count == names.count)
        for (number, name) in rows {
            #expect(names[name]?.rawValue == number, "\(name)")
            #expect(names[name]?.isComprehensionRequired == (number < 0x8000))
        }
    }
}
