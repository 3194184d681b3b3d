import NIOCore
import Testing

@testable import EngineIO

@Suite struct WebSocketTests {
    private static func frame(
        _ opcode: UInt8,
        _ payload: [UInt8] = [],
        isFinal: Bool = true,
        hasReservedBits: Bool = false,
        isMasked: Bool = true
    ) -> WebSocketAssembler.Frame {
        .init(
            isFinal: isFinal,
            hasReservedBits: hasReservedBits,
            isMasked: isMasked,
            opcode: opcode,
            payload: ByteBuffer(bytes: payload)
        )
    }

    private static let a = ByteBuffer(bytes: [0x61])
    private static let ab = ByteBuffer(bytes: [0x61, 0x62])

    @Test(
        arguments: [
            ([frame(1, [0x61])], [.text(a)]),
            ([frame(2, [0x61])], [.binary(a)]),
            ([frame(1, [0x61], isFinal: false), frame(0, [0x62])], [.none, .text(ab)]),
            (
                [frame(2, [0x61], isFinal: false), frame(9), frame(0, [0x62])],
                [.none, .pong(ByteBuffer()), .binary(ab)]
            ),
            // A character may be split between frames.
            ([frame(1, [0xc3], isFinal: false), frame(0, [0xa9])], [.none, .text(ByteBuffer(string: "é"))]),
            ([frame(1, [0xc3])], [.fail(.invalidPayload)]),
            ([frame(1, [0xff]), frame(1)], [.fail(.invalidPayload), .none]),
            ([frame(0)], [.fail(.protocolError)]),
            ([frame(1, isFinal: false), frame(1)], [.none, .fail(.protocolError)]),
            ([frame(3)], [.fail(.protocolError)]),
            ([frame(0xb)], [.fail(.protocolError)]),
            ([frame(1, isMasked: false)], [.fail(.protocolError)]),
            ([frame(1, hasReservedBits: true)], [.fail(.protocolError)]),
            ([frame(9, isFinal: false)], [.fail(.protocolError)]),
            ([frame(9, Array(repeating: 0, count: 125))], [.pong(ByteBuffer(repeating: 0, count: 125))]),
            ([frame(9, Array(repeating: 0, count: 126))], [.fail(.protocolError)]),
            ([frame(0xa)], [.none]),
            ([frame(8), frame(1)], [.close(nil), .none]),
            ([frame(8, [0x03, 0xe8])], [.close(.normal)]),
            ([frame(8, [0x03])], [.fail(.protocolError)]),
            ([frame(8, [0x03, 0xed])], [.fail(.protocolError)]),
            ([frame(8, [0x03, 0xe8, 0xff])], [.fail(.invalidPayload)]),
            ([frame(8, [0x13, 0x87])], [.close(.normal)]),
            ([frame(8, [0x13, 0x88])], [.fail(.protocolError)]),
        ] as [([WebSocketAssembler.Frame], [WebSocketAssembler.OnFrame])]
    )
    func followsRFC6455(frames: [WebSocketAssembler.Frame], answers: [WebSocketAssembler.OnFrame]) {
        var assembler = WebSocketAssembler(maxMessageSize: 1000)
        #expect(frames.map { assembler.receive($0) } == answers)
    }

    @Test func limitsMessages() {
        var assembler = WebSocketAssembler(maxMessageSize: 2)
        #expect(assembler.receive(Self.frame(2, [1, 2])) == .binary(ByteBuffer(bytes: [1, 2])))
        #expect(assembler.receive(Self.frame(2, [1, 2], isFinal: false)) == .none)
        #expect(assembler.receive(Self.frame(0, [])) == .binary(ByteBuffer(bytes: [1, 2])))
        #expect(assembler.receive(Self.frame(2, [1, 2], isFinal: false)) == .none)
        #expect(assembler.receive(Self.frame(0, [3])) == .tooLarge(3))
        var other = WebSocketAssembler(maxMessageSize: 2)
        #expect(other.receive(Self.frame(2, [1, 2, 3])) == .tooLarge(3))
    }

    private func key(
        method: String = "GET",
        upgrade: String = "websocket",
        key: String? = "dGhlIHNhbXBsZSBub25jZQ==",
        version: String? = "13"
    ) throws(WebSocketHandshake.Failure) -> String {
        var headers = [HandshakeRequest.HeaderField(name: "upgrade", value: upgrade)]
        if let key { headers.append(.init(name: "sec-websocket-key", value: key)) }
        if let version { headers.append(.init(name: "sec-websocket-version", value: version)) }
        return try WebSocketHandshake.key(
            method: method,
            HandshakeRequest(target: "/", query: [], headers: headers, remoteAddress: "", isSecure: false, time: .now)
        )
    }

    @Test func checksTheOpeningHandshake() throws {
        #expect(try key(upgrade: "WebSocket") == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(try key(version: "8") == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(throws: WebSocketHandshake.Failure.method) { try key(method: "POST") }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(upgrade: "h2c") }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(key: nil) }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(key: "dGhlIHNhbXBsZSBub25jZQ=") }
        #expect(throws: WebSocketHandshake.Failure.malformed) { try key(key: "dGhlIHNhbXBsZSBub25jZ!==") }
        #expect(throws: WebSocketHandshake.Failure.version) { try key(version: "12") }
        #expect(throws: WebSocketHandshake.Failure.version) { try key(version: nil) }
    }
}
