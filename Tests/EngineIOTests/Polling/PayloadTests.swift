import NIOCore
import Testing

@testable import EngineIO

@Suite struct PayloadTests {
    static let texts: [(packets: [EncodedMessage], v4: String, v3: String)] = [
        ([.text("hello")], "4hello", "6:4hello"),
        ([.text("test1"), .text("test2")], "4test1\u{1e}4test2", "6:4test16:4test2"),
        (
            [.text("hello"), .binary(ByteBuffer(bytes: [1, 2, 3, 4]))], "4hello\u{1e}bAQIDBA==", "6:4hello10:b4AQIDBA=="
        ),
        ([.binary(ByteBuffer())], "b", "2:b4"),
        ([.text("€")], "4€", "2:4€"),
        ([.text("👍é")], "4👍é", "4:4👍é"),
        ([.text("")], "4", "1:4"),
        ([.ping, .pongProbe, .noop, .close], "2\u{1e}3probe\u{1e}6\u{1e}1", "1:26:3probe1:61:1"),
    ]

    @Test(arguments: texts)
    func encodesText(packets: [EncodedMessage], v4: String, v3: String) {
        #expect(String(buffer: PayloadV4.encode(packets)) == v4)
        #expect(String(buffer: PayloadV3.encodeText(packets)) == v3)
    }

    @Test func encodesBinaryOfProtocol3() {
        let packets: [EncodedMessage] = [.text("hello"), .binary(ByteBuffer(bytes: [1, 2, 3, 4]))]
        let expected: [UInt8] = [0, 6, 0xff, 0x34, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 1, 5, 0xff, 4, 1, 2, 3, 4]
        #expect(Array(buffer: PayloadV3.encodeBinary(packets)) == expected)
        #expect(PayloadV3.needsBinary(packets, base64: false))
        #expect(!PayloadV3.needsBinary(packets, base64: true))
        #expect(!PayloadV3.needsBinary([.text("hello")], base64: false))
    }

    @Test(arguments: texts.prefix(7))
    func decodesWhatItEncodes(packets: [EncodedMessage], v4: String, v3: String) throws {
        let messages = packets.map { packet -> EnginePacket in
            .message(packet.isBinary ? .binary(packet.payload) : .text(packet.payload))
        }
        #expect(try decodeV4(ByteBuffer(string: v4)) == messages)
        #expect(try decodeV3(ByteBuffer(string: v3)) == messages)
        #expect(try decodeV3(PayloadV3.encodeBinary(packets), isBinary: true) == messages)
    }

    @Test(arguments: ["abc", "", "\u{1e}", "4a\u{1e}", "4a\u{1e}x", "bA", "b!!!!", "7", "-1"])
    func refusesPayloadsOfProtocol4(payload: String) {
        #expect(throws: EnginePayloadError.malformed) { try decodeV4(ByteBuffer(string: payload)) }
    }

    @Test(arguments: [
        "abc", ":", ":4", "2:4", "1:4x", "x:4", "2", "12345678901:4", "9999999999", "3:b4A", "1:9", "2:👍", "2:4👍",
        "-1:4", "0:",
    ])
    func refusesPayloadsOfProtocol3(payload: String) {
        #expect(throws: EnginePayloadError.malformed) { try decodeV3(ByteBuffer(string: payload)) }
    }

    @Test(
        arguments: [
            [0], [2, 1, 0xff, 0x34], [0, 0xff], [0, 1, 0xff], [0, 1, 0x34], [1, 1, 0xff, 5], [0, 10, 0xff, 0x34],
            [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0xff],
        ] as [[UInt8]]
    )
    func refusesBinaryPayloadsOfProtocol3(payload: [UInt8]) {
        #expect(throws: EnginePayloadError.malformed) { try decodeV3(ByteBuffer(bytes: payload), isBinary: true) }
    }

    /// Whatever the cut, the decoders return packets or throw their error.
    @Test(arguments: texts)
    func survivesTruncation(packets: [EncodedMessage], v4: String, v3: String) {
        for (payload, decode) in [
            (ByteBuffer(string: v4), { try self.decodeV4($0) }),
            (ByteBuffer(string: v3), { try self.decodeV3($0) }),
            (PayloadV3.encodeBinary(packets), { try self.decodeV3($0, isBinary: true) }),
        ] as [(ByteBuffer, (ByteBuffer) throws -> [EnginePacket])] {
            for length in 0..<payload.readableBytes {
                guard let cut = payload.getSlice(at: 0, length: length) else { continue }
                do {
                    #expect(try decode(cut).count <= packets.count)
                } catch {
                    #expect(error is EnginePayloadError)
                }
            }
        }
    }

    @Test func packetsBeforeABadOneCount() throws {
        var decoder = PayloadV4.Decoder(ByteBuffer(string: "4a\u{1e}x\u{1e}4b"))
        #expect(try decoder.next() == .message(.text(ByteBuffer(string: "a"))))
        #expect(throws: EnginePayloadError.malformed) { try decoder.next() }
    }

    private func decodeV4(_ payload: ByteBuffer) throws -> [EnginePacket] {
        var decoder = PayloadV4.Decoder(payload)
        var packets: [EnginePacket] = []
        while let packet = try decoder.next() { packets.append(packet) }
        return packets
    }

    private func decodeV3(_ payload: ByteBuffer, isBinary: Bool = false) throws -> [EnginePacket] {
        var decoder = PayloadV3.Decoder(payload, isBinary: isBinary)
        var packets: [EnginePacket] = []
        while let packet = try decoder.next() { packets.append(packet) }
        return packets
    }
}
