import NIOCore
import Testing

@testable import STUN

@Suite struct WriterTests {
    private let transaction = TransactionID(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B)

    /// Decoding, encoding and decoding again changes nothing; where padding is zero, not even a byte.
    @Test(arguments: Vectors.all.keys.sorted())
    func vectorsSurviveRewriting(name: String) throws {
        let original = try #require(Vectors.all[name])
        let contents = try MessageContents(original)
        var writer = STUNMessageWriter(contents.type, transactionID: contents.transactionID)
        for attribute in contents.attributes {
            try writer.append(attribute.type) { $0.writeBytes(attribute.value) }
        }
        let rewritten = Array(buffer: writer.finish())
        #expect(try MessageContents(rewritten) == contents)
        if name != "request-short-term", !name.hasPrefix("response") {
            #expect(rewritten == original)
        }
    }

    @Test func longTermRequestIsWrittenAsPublished() throws {
        let id = TransactionID(high: 0x78AD_3433_C6AD_72C0, low: 0x29DA_412E)
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: id)
        try writer.append(Username(Vectors.user))
        try writer.append(Nonce("f//499k954d6OL34oL9FSTvy64sA"))
        try writer.append(Realm("example.org"))
        try writer.appendMessageIntegrity(key: Vectors.longTermMD5)
        #expect(Array(buffer: writer.finish()) == Vectors.rfc["request-long-term"])
    }

    @Test func sha256RequestIsWrittenAsPublished() throws {
        let id = TransactionID(high: 0x78AD_3433_C6AD_72C0, low: 0x29DA_412E)
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: id)
        try writer.append(Userhash(username: Vectors.user, realm: "example.org"))
        try writer.append(Nonce("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"))
        try writer.append(Realm("example.org"))
        try writer.append(PasswordAlgorithm.sha256)
        try writer.appendMessageIntegritySHA256(key: Vectors.longTermSHA256)
        #expect(Array(buffer: writer.finish()) == Vectors.rfc["request-sha256"])
    }

    @Test func firefoxRequestIsWrittenAsSent() throws {
        let id = TransactionID(high: 0xFFA8_B247_B832_9CE4, low: 0xFB06_8213)
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: id)
        try writer.appendFingerprint()
        #expect(Array(buffer: writer.finish()) == Vectors.browsers["firefox"])
    }

    @Test func allThreeCodesMatchTogether() throws {
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: transaction)
        try writer.append(Username("somebody"))
        try writer.appendMessageIntegrity(key: Vectors.longTermMD5)
        try writer.appendMessageIntegritySHA256(key: Vectors.longTermMD5)
        try writer.appendFingerprint()
        let buffer = writer.finish()
        let message = try STUNMessage(buffer.readableBytesUInt8Span)
        let checks = [
            message.checkMessageIntegrity(key: Vectors.longTermMD5),
            message.checkMessageIntegritySHA256(key: Vectors.longTermMD5),
            message.checkFingerprint(),
        ]
        #expect(checks == [.valid, .valid, .valid])
    }

    /// A message goes behind what a buffer holds already, and its codes cover nothing but the message.
    @Test func buffersAreReused() throws {
        var buffer = ByteBuffer(string: "read and unread")
        buffer.moveReaderIndex(forwardBy: 9)
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: transaction, into: buffer)
        try writer.append(Username("abcde"))
        try writer.appendMessageIntegrity(key: Vectors.shortTerm)
        try writer.appendFingerprint()
        var result = writer.finish()
        #expect(result.readString(length: 6) == "unread")
        let message = try STUNMessage(result.readableBytesUInt8Span)
        let checks = [message.checkMessageIntegrity(key: Vectors.shortTerm), message.checkFingerprint()]
        #expect(checks == [.valid, .valid])
    }

    @Test func paddingIsZero() throws {
        for length in 0...5 {
            var buffer = ByteBuffer(repeating: 0xFF, count: 64)
            buffer.clear()
            var writer = STUNMessageWriter(
                MessageType(.request, .binding),
                transactionID: transaction,
                into: buffer
            )
            try writer.append(Username(String(repeating: "x", count: length)))
            let bytes = Array(buffer: writer.finish())
            #expect(bytes.count.isMultiple(of: 4))
            #expect(bytes[23] == UInt8(length))
            #expect(bytes[24..<(24 + length)].allSatisfy { $0 == UInt8(ascii: "x") })
            #expect(bytes[(24 + length)...].allSatisfy { $0 == 0 })
        }
    }

    @Test func lengthFitsSixteenBitsOrIsRefused() throws {
        var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: transaction)
        try writer.append(.software) { $0.writeRepeatingByte(1, count: 65_528) }
        let overflow = failure { () throws(STUNError) in try writer.append(.software) { $0.writeInteger(UInt8(1)) } }
        #expect(overflow == .messageTooLong)
        let bytes = Array(buffer: writer.finish())
        #expect(bytes.count == 20 + 65_532)
        #expect(try MessageContents(bytes).attributes.count == 1)

        var other = STUNMessageWriter(MessageType(.request, .binding), transactionID: transaction)
        let error = failure { () throws(STUNError) in
            try other.append(.software) { $0.writeRepeatingByte(1, count: 65_529) }
        }
        #expect(error == .messageTooLong)
        #expect(Array(buffer: other.finish()).count == 20)
    }

    @Test func attributesAfterFingerprintAreABug() async {
        await #expect(processExitsWith: .failure) {
            var writer = STUNMessageWriter(MessageType(.request, .binding), transactionID: .random())
            try writer.appendFingerprint()
            try writer.append(Realm("example.org"))
        }
    }
}

extension [UInt8] {
    /// The readable bytes of `buffer`.
    init(buffer: ByteBuffer) {
        self.init(buffer.readableBytesView)
    }
}
