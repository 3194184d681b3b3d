import NIOCore
import Testing

@testable import EngineIO

@Suite struct PacketTests {
    @Test(
        arguments: [
            ("0{}", .open), ("1", .close), ("2", .ping(ByteBuffer())), ("2probe", .ping(ByteBuffer(string: "probe"))),
            ("3", .pong), ("4", .message(.text(ByteBuffer()))), ("4b", .message(.text(ByteBuffer(string: "b")))),
            ("5", .upgrade), ("6", .noop), ("bAQ==", .message(.binary(ByteBuffer(bytes: [1])))), ("", nil), ("7", nil),
            ("x", nil), ("bA", nil), ("bAQ", .message(.binary(ByteBuffer(bytes: [1])))),
            // What engine.io-client-java sends.
            ("bAAECAwQ=\n", .message(.binary(ByteBuffer(bytes: [0, 1, 2, 3, 4])))),
        ] as [(String, EnginePacket?)]
    )
    func decodesText(text: String, packet: EnginePacket?) {
        #expect(EnginePacket(text: ByteBuffer(string: text), version: .v4) == packet)
    }

    @Test func decodesBinary() {
        let bytes = ByteBuffer(bytes: [4, 1])
        #expect(EnginePacket(binary: bytes, version: .v4) == .message(.binary(bytes)))
        #expect(EnginePacket(binary: bytes, version: .v3) == .message(.binary(ByteBuffer(bytes: [1]))))
        #expect(EnginePacket(binary: ByteBuffer(bytes: [5, 1]), version: .v3) == nil)
        #expect(EnginePacket(binary: ByteBuffer(), version: .v3) == nil)
    }

    @Test(arguments: [
        (0, 2), (124, 2), (125, 4), (65_534, 4), (65_535, 10),
    ])
    func framesText(length: Int, headerLength: Int) {
        let text = String(repeating: "a", count: length)
        let message = EncodedMessage.text(text)
        #expect(String(buffer: message.packet) == "4" + text)
        #expect(String(buffer: message.payload) == text)
        #expect(message.frame.readableBytes == headerLength + 1 + length)
        var frame = message.frame
        #expect(frame.readInteger(as: UInt8.self) == 0x81)
        let short = frame.readInteger(as: UInt8.self)
        switch headerLength {
        case 2: #expect(short == UInt8(length + 1))
        case 4:
            #expect(short == 126)
            #expect(frame.readInteger(as: UInt16.self) == UInt16(length + 1))
        default:
            #expect(short == 127)
            #expect(frame.readInteger(as: UInt64.self) == UInt64(length + 1))
        }
    }

    @Test func framesBinary() {
        let message = EncodedMessage.binary(ByteBuffer(bytes: [1, 2]))
        #expect(Array(buffer: message.frame) == [0x82, 2, 1, 2])
        #expect(Array(buffer: message.inV3.frame) == [0x82, 3, 4, 1, 2])
        #expect(Array(buffer: message.packet) == [1, 2])
        #expect(Array(buffer: message.payload) == [1, 2])
        #expect(EncodedMessage.text("a").inV3.frame == EncodedMessage.text("a").frame)
    }
}

extension [UInt8] {
    init(buffer: ByteBuffer) {
        self = Array(buffer.readableBytesView)
    }
}
