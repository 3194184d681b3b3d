import STUN
import Testing

@Suite struct MessageTypeTests {
    @Test(
        arguments: [
            (0x0001, MessageClass.request, 0x001), (0x0101, .successResponse, 0x001), (0x0111, .errorResponse, 0x001),
            (0x0011, .indication, 0x001), (0x0003, .request, 0x003), (0x0113, .errorResponse, 0x003),
            (0x0016, .indication, 0x006), (0x3EEF, .request, 0xFFF), (0x3FFF, .errorResponse, 0xFFF),
            (0x0200, .request, 0x080), (0x0020, .request, 0x010),
        ] as [(UInt16, MessageClass, UInt16)]
    )
    func knownValues(wireValue: UInt16, messageClass: MessageClass, method: UInt16) throws {
        let type = try #require(MessageType(wireValue: wireValue))
        #expect(type.messageClass == messageClass)
        #expect(type.method.rawValue == method)
        #expect(type.wireValue == wireValue)
    }

    @Test func everyValueIsOneTypeOrNone() {
        for wireValue in 0...UInt16.max {
            let type = MessageType(wireValue: wireValue)
            #expect((type != nil) == (wireValue < 0x4000))
            if let type {
                #expect(type.wireValue == wireValue)
            }
        }
    }

    @Test func methodsHaveTwelveBits() {
        #expect(Method(rawValue: 0xFFF) != nil)
        #expect(Method(rawValue: 0x1000) == nil)
        #expect(Method(rawValue: 1) == .binding)
    }

    @Test func transactionIDsAreReadableAndDiffer() {
        #expect(TransactionID(high: 0x0102, low: 0xA).description == "00000000000001020000000a")
        #expect(Set((0..<100).map { _ in TransactionID.random() }).count == 100)
    }
}
