import STUN
import Testing

/// The messages of RFC 5769 and RFC 8489 appendix B.1 (erratum 6268).
@Suite struct VectorTests {
    @Test func filesAreThere() {
        #expect(Vectors.rfc.count == 5)
        #expect(Vectors.browsers.count == 2)
    }

    @Test func shortTermRequest() throws {
        let bytes = try #require(Vectors.rfc["request-short-term"])
        let message = try STUNMessage(bytes.span)
        #expect(message.type == MessageType(.request, .binding))
        #expect(message.transactionID == TransactionID(high: 0xB7E7_A701_BC34_D686, low: 0xFA87_DFAE))
        let username = try message.first(Username.self)
        let software = try message.first(Software.self)
        #expect(username?.text == "evtj:h6vY")
        #expect(software?.text == "STUN test client")
        expect(message, sha1: .valid, sha256: .absent, fingerprint: .valid, key: Vectors.shortTerm)
    }

    @Test(arguments: [
        ("response-ipv4", IPAddress(ipv4: 0xC000_0201)),
        ("response-ipv6", IPAddress(ipv6High: 0x2001_0DB8_1234_5678, low: 0x0011_2233_4455_6677)),
    ])
    func responses(name: String, ip: IPAddress) throws {
        let bytes = try #require(Vectors.rfc[name])
        let message = try STUNMessage(bytes.span)
        #expect(message.type == MessageType(.successResponse, .binding))
        let mapped = try message.first(XORMappedAddress.self)
        let software = try message.first(Software.self)
        #expect(mapped?.address == TransportAddress(ip: ip, port: 32853))
        #expect(software?.text == "test vector")
        expect(message, sha1: .valid, sha256: .absent, fingerprint: .valid, key: Vectors.shortTerm)
    }

    @Test func longTermRequest() throws {
        let bytes = try #require(Vectors.rfc["request-long-term"])
        let message = try STUNMessage(bytes.span)
        let username = try message.first(Username.self)
        let realm = try message.first(Realm.self)
        let nonce = try message.first(Nonce.self)
        #expect(username?.text == Vectors.user)
        #expect(realm?.text == "example.org")
        #expect(nonce?.text == "f//499k954d6OL34oL9FSTvy64sA")
        expect(message, sha1: .valid, sha256: .absent, fingerprint: .absent, key: Vectors.longTermMD5)
    }

    @Test func sha256Request() throws {
        let bytes = try #require(Vectors.rfc["request-sha256"])
        let message = try STUNMessage(bytes.span)
        let userhash = try message.first(Userhash.self)
        let algorithm = try message.first(PasswordAlgorithm.self)
        let nonce = try message.first(Nonce.self)
        #expect(userhash == Userhash(username: Vectors.user, realm: "example.org"))
        #expect(algorithm == .sha256)
        #expect(nonce?.text == "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA")
        expect(message, sha1: .absent, sha256: .valid, fingerprint: .absent, key: Vectors.longTermSHA256)
    }

    @Test func keys() {
        let md5 = IntegrityKey.longTermMD5(username: "user", realm: "realm", password: "pass")
        #expect(md5 == IntegrityKey(bytes: bytes(hex: "8493fbc53ba582fb4c044c456bdc40eb")))
        let sha256 = IntegrityKey.longTermSHA256(username: "user", realm: "realm", password: "pass")
        #expect(sha256 != md5)
    }

    @Test(arguments: Vectors.all.keys.sorted())
    func everyTruncationIsRefused(name: String) throws {
        let bytes = try #require(Vectors.all[name])
        for length in 0..<bytes.count {
            let part = Array(bytes[..<length])
            let error = failure { () throws(STUNError) in _ = try MessageContents(part) }
            #expect(error == (length < 20 ? .truncatedHeader : .lengthMismatch), "\(length) bytes")
        }
    }

    /// Whatever is done to one byte, reading ends, and no code and no checksum that covers the byte still matches.
    @Test(arguments: Vectors.all.keys.sorted())
    func everyMutationIsNoticed(name: String) throws {
        let original = try #require(Vectors.all[name])
        let whole = try STUNMessage(original.span)
        let hasFingerprint = whole.checkFingerprint() == .valid
        for index in original.indices {
            for flip in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF] as [UInt8] {
                var bytes = original
                bytes[index] ^= flip
                guard let message = try? STUNMessage(bytes.span) else { continue }
                readEverything(in: message)
                if hasFingerprint {
                    #expect(message.checkFingerprint() != .valid, "byte \(index) ^ \(flip)")
                }
                // The last 8 bytes are FINGERPRINT, which the code does not cover.
                if index < original.count - (hasFingerprint ? 8 : 0) {
                    #expect(message.checkMessageIntegrity(key: Vectors.shortTerm) != .valid, "byte \(index) ^ \(flip)")
                    #expect(message.checkMessageIntegrity(key: Vectors.longTermMD5) != .valid)
                    #expect(message.checkMessageIntegritySHA256(key: Vectors.longTermSHA256) != .valid)
                }
            }
        }
    }

    private func expect(
        _ message: borrowing STUNMessage,
        sha1: IntegrityCheck,
        sha256: IntegrityCheck,
        fingerprint: IntegrityCheck,
        key: IntegrityKey,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let other = IntegrityKey.shortTerm(password: "something else")
        let withKey = (message.checkMessageIntegrity(key: key), message.checkMessageIntegritySHA256(key: key))
        let withOther = (message.checkMessageIntegrity(key: other), message.checkMessageIntegritySHA256(key: other))
        let checksum = message.checkFingerprint()
        #expect(withKey == (sha1, sha256), sourceLocation: sourceLocation)
        #expect(withOther.0 == (sha1 == .valid ? .invalid : sha1), sourceLocation: sourceLocation)
        #expect(withOther.1 == (sha256 == .valid ? .invalid : sha256), sourceLocation: sourceLocation)
        #expect(checksum == fingerprint, sourceLocation: sourceLocation)
    }

    private func readEverything(in message: borrowing STUNMessage) {
        for attribute in attributeTypes {
            _ = try? message.firstValue(attribute)
        }
    }
}

/// Every attribute type that decodes to a value.
let attributeTypes: [any STUNAttribute.Type] = [
    MappedAddress.self, XORMappedAddress.self, AlternateServer.self, AlternateDomain.self, Username.self,
    Userhash.self, Realm.self, Nonce.self, Software.self, ErrorCode.self, UnknownAttributes.self,
    PasswordAlgorithm.self, PasswordAlgorithms.self,
]

extension STUNMessage {
    /// The first attribute of a type that is known at run time only.
    func firstValue(_ attribute: any STUNAttribute.Type) throws(STUNError) -> (any STUNAttribute)? {
        func open<Attribute: STUNAttribute>(_ type: Attribute.Type) throws(STUNError) -> (any STUNAttribute)? {
            try first(type)
        }
        return try open(attribute)
    }
}
