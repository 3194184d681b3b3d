import NIOCore
import STUN
import Testing

@Suite struct BindingResponderTests {
    private let responder = BindingResponder()
    private static let ipv4 = TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 32853)
    private static let ipv6 = TransportAddress(ip: IPAddress(ipv6High: 0x2001_0DB8_1234_5678, low: 1), port: 5)

    @Test(arguments: [ipv4, ipv6], ["chrome", "firefox"])
    func requestsAreAnswered(source: TransportAddress, name: String) throws {
        let request = try #require(Vectors.browsers[name])
        guard case .answer(let response) = responder.receive(request.span, from: source) else {
            Issue.record("no answer")
            return
        }
        let message = try STUNMessage(response.readableBytesUInt8Span)
        let original = try STUNMessage(request.span)
        #expect(message.type == MessageType(.successResponse, .binding))
        #expect(message.transactionID == original.transactionID)
        let mapped = try message.first(XORMappedAddress.self)
        #expect(mapped?.address == source)
        let fingerprints = (original.checkFingerprint(), message.checkFingerprint())
        #expect(fingerprints.0 == fingerprints.1)
        // What RFC 8489 demands, and not one byte more.
        let address = source.family == .ipv4 ? 12 : 24
        #expect(response.readableBytes == 20 + address + (name == "firefox" ? 8 : 0))
    }

    @Test func mappedSourcesAreAnsweredAsIPv4() throws {
        let source = TransportAddress(ip: IPAddress(ipv6High: 0, low: 0xFFFF_C000_0201), port: 32853)
        let request = try #require(Vectors.browsers["chrome"])
        guard case .answer(let response) = responder.receive(request.span, from: source) else {
            Issue.record("no answer")
            return
        }
        let message = try STUNMessage(response.readableBytesUInt8Span)
        let mapped = try message.first(XORMappedAddress.self)
        #expect(mapped?.address == Self.ipv4)
    }

    /// Defined attributes that mean nothing to Binding are ignored, whatever they hold; so are optional ones.
    @Test(
        arguments: [
            0x0001, 0x0006, 0x0008, 0x0009, 0x000A, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E, 0x0020, 0x8000, 0x8022,
            0xFF05,
        ] as [UInt16]
    )
    func knownAndOptionalAttributesAreIgnored(type: UInt16) {
        guard case .answer = responder.receive(request([(type, "ff")]).span, from: Self.ipv4) else {
            Issue.record("no answer")
            return
        }
    }

    @Test(
        arguments: [
            ([0x0003], [0x0003]),
            ([0x0024, 0x0006, 0x0025], [0x0024, 0x0025]),
            ([0x7FFF, 0x7FFF, 0x0002, 0x7FFF], [0x7FFF, 0x0002]),
            ([0x0000], [0x0000]),
            (Array(0x1000...0x100F), Array(0x1000...0x100F)),
            (Array(0x1000...0x1010), Array(0x1000...0x100F)),
        ] as [([UInt16], [UInt16])]
    )
    func unknownAttributesAreRefused(present: [UInt16], listed: [UInt16]) throws {
        let request = request(present.map { ($0, "") })
        guard case .refuse(let response) = responder.receive(request.span, from: Self.ipv4) else {
            Issue.record("no refusal")
            return
        }
        let message = try STUNMessage(response.readableBytesUInt8Span)
        #expect(message.type == MessageType(.errorResponse, .binding))
        let error = try message.first(ErrorCode.self)
        let unknown = try message.first(UnknownAttributes.self)
        #expect(error == .unknownAttribute)
        #expect(unknown?.types.map(\.rawValue) == listed)
        #expect(response.readableBytes * 2 <= request.count * 3)
    }

    @Test func unknownAttributesBehindIntegrityDoNotCount() {
        let request = request([(0x0008, String(repeating: "00", count: 20)), (0x7FFF, "")])
        guard case .answer = responder.receive(request.span, from: Self.ipv4) else {
            Issue.record("no answer")
            return
        }
    }

    @Test(
        arguments: [
            ("", .notSTUN),
            ("00", .notSTUN),
            ("474554202f20485454502f312e310d0a0d0a474554202f20", .notSTUN),
            ("16030100c8010000c40303000000000000000000000000", .notSTUN),
            ("00010000aaaaaaaa000102030405060708090a0b", .notSTUN),
            ("40000004010203040506070809101112131415161718", .notSTUN),
            ("000100042112a442000102030405060708090a0b", .malformed),
            ("000100012112a442000102030405060708090a0b00", .malformed),
            ("000100042112a442000102030405060708090a0b 00060001", .malformed),
            ("000100082112a442000102030405060708090a0b 80280004 12345678", .wrongFingerprint),
            ("000100042112a442000102030405060708090a0b 80280000", .wrongFingerprint),
            ("001100002112a442000102030405060708090a0b", .indication),
            ("010100002112a442000102030405060708090a0b", .response),
            ("011100002112a442000102030405060708090a0b", .response),
            ("000300002112a442000102030405060708090a0b", .unsupportedMethod),
            ("3eef00002112a442000102030405060708090a0b", .unsupportedMethod),
        ] as [(String, BindingResponder.DropReason)]
    )
    func everythingElseIsDropped(hex: String, reason: BindingResponder.DropReason) {
        #expect(responder.receive(bytes(hex: hex).span, from: Self.ipv4) == .drop(reason))
    }

    @Test func portZeroIsDropped() {
        let source = TransportAddress(ip: Self.ipv4.ip, port: 0)
        #expect(responder.receive(request([]).span, from: source) == .drop(.unanswerableSource))
    }

    @Test func theBufferHandedInIsUsed() throws {
        let buffer = ByteBuffer(string: "before")
        guard case .answer(var response) = responder.receive(request([]).span, from: Self.ipv4, into: buffer) else {
            Issue.record("no answer")
            return
        }
        #expect(response.readString(length: 6) == "before")
        #expect(response.readableBytes == 32)
    }

    /// A response never answers itself: two servers cannot be set against each other.
    @Test func answersAreNotAnswered() throws {
        for request in [request([]), request([(0x7FFF, "")])] {
            let response: ByteBuffer
            switch responder.receive(request.span, from: Self.ipv4) {
            case .answer(let buffer), .refuse(let buffer): response = buffer
            case .drop: continue
            }
            #expect(responder.receive(response.readableBytesUInt8Span, from: Self.ipv4) == .drop(.response))
        }
    }
}
