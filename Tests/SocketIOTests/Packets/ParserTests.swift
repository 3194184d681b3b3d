import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Servers whose clients don't speak JSON.
@Suite struct ParserTests {
    /// Writes `type|namespace|id|json`; binary values come before as messages of their own.
    private struct Lines: Parser {
        struct Refused: Error {}

        func encode(_ packet: SocketPacket) throws -> [EncodedMessage] {
            let (kind, json, binaryValues) = try parts(packet.content)
            let id = packet.id.map(String.init) ?? ""
            return binaryValues.map(EncodedMessage.binary) + [.text("\(kind)|\(packet.namespace)|\(id)|\(json)")]
        }

        private func parts(_ content: SocketPacket.Content) throws -> (String, String, [ByteBuffer]) {
            switch content {
            case .connect(let value): return ("connect", String(buffer: value?.json ?? ByteBuffer()), [])
            case .connectError(let value): return ("error", String(buffer: value.json), [])
            case .disconnect: return ("disconnect", "", [])
            case .acknowledgement(let arguments):
                return ("answer", String(buffer: arguments.serialized.json), arguments.serialized.binaryValues)
            case .event("unspeakable", _): throw Refused()
            case .event(let name, let arguments):
                return (name, String(buffer: arguments.serialized.json), arguments.serialized.binaryValues)
            }
        }

        func makeDecoder(limits: ParserLimits) -> any PacketDecoder { Decoder() }

        struct Decoder: PacketDecoder {
            private var binaryValues: [ByteBuffer] = []

            mutating func receive(_ message: EngineMessage) throws -> SocketPacket? {
                guard case .text(let text) = message else {
                    if case .binary(let bytes) = message { binaryValues.append(bytes) }
                    return nil
                }
                let parts = String(buffer: text).split(separator: "|", omittingEmptySubsequences: false).map(
                    String.init
                )
                guard parts.count == 4 else { throw Refused() }
                defer { binaryValues = [] }
                let json = ByteBuffer(string: parts[3])
                let content: SocketPacket.Content =
                    switch parts[0] {
                    case "connect": .connect(parts[3].isEmpty ? nil : try RawArgument(json: json))
                    case "disconnect": .disconnect
                    case "error": .connectError(try RawArgument(json: json))
                    case "answer": .acknowledgement(try SocketArguments(json: json, binaryValues: binaryValues))
                    default: .event(parts[0], try SocketArguments(json: json, binaryValues: binaryValues))
                    }
                return SocketPacket(content, namespace: parts[1], id: UInt64(parts[2]))
            }
        }
    }

    private func fixture(_ parser: PacketFormat = .custom(Lines())) -> Fixture { Fixture(.init(parser: parser)) }

    private func join(_ fixture: Fixture) -> TestConnection {
        let client = fixture.connect()
        client.receive("4connect|/||")
        _ = client.takeSent()
        return client
    }

    @Test func everythingAboveWorksUnchanged() {
        let fixture = fixture()
        fixture.io.use { socket in
            if (try? socket.handshake.auth.decode([String: String].self))?["token"] == "bad" {
                throw ConnectionRefused("no")
            }
        }
        let journal = Journal<String>()
        let sockets = Journal<Socket>()
        fixture.io.onConnection { socket in
            sockets.add(socket)
            socket.on("sum") { (a: Int, b: Int) in a + b }
            socket.on("file") { (bytes: ByteBuffer) in socket.emit("back", bytes, "x") }
            socket.onAnyOutgoing { name, arguments in journal.add("\(name) \(arguments.count)") }
        }
        let client = fixture.connect()
        client.receive("4connect|/||{\"token\":\"bad\"}")
        #expect(client.takeSent() == ["4error|/||{\"message\":\"no\"}"])
        client.receive("4connect|/||{\"token\":\"good\"}")
        guard case .text(let joined)? = client.takeSent().first else {
            Issue.record("no answer")
            return
        }
        #expect(joined.hasPrefix("4connect|/||{\"sid\":\""))
        client.receive("4sum|/|7|[1,2]", .binary([1, 2]), "4file|/||[{\"_placeholder\":true,\"num\":0}]")
        #expect(
            client.takeSent() == [
                "4answer|/|7|[3]", .binary([1, 2]), "4back|/||[{\"_placeholder\":true,\"num\":0},\"x\"]",
            ]
        )
        #expect(journal.entries == ["back 2"])
        let answers = Journal<Int>()
        fixture.loop.turn {
            sockets.entries[0].timeout(.seconds(5)).emit("ask", 1) { result in
                if let answer = try? result.get().decode(Int.self) { answers.add(answer) }
            }
        }
        #expect(client.takeSent() == ["4ask|/|0|[1]"])
        client.receive("4answer|/|0|[5]")
        #expect(answers.entries == [5])
        client.receive("4connect|/nowhere||")
        #expect(client.takeSent() == ["4error|/nowhere||{\"message\":\"Invalid namespace\"}"])
        fixture.loop.turn { fixture.io.disconnectSockets() }
        #expect(client.takeSent() == ["4disconnect|/||"])
    }

    @Test func broadcastsAreEncodedOnce() throws {
        let fixture = fixture(.messagePack)
        let clients = (0..<3).map { _ in fixture.connect() }
        for client in clients { client.receive(.binary([UInt8](hex: "82a47479706500a36e7370a12f"))) }
        fixture.loop.turn { fixture.io.emit("hello", "world", 1, ["a": true]) }
        let sent = clients.compactMap(\.sentMessages.last)
        #expect(sent.map { $0.isBinary } == [true, true, true])
        let data = "94a568656c6c6fa5776f726c640181a161c3"
        #expect(Array(sent[0].payload.readableBytesView) == [UInt8](hex: "83a47479706502a464617461\(data)a36e7370a12f"))
        let storage = sent.map { $0.frame.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(Set(storage).count == 1)
    }

    @Test func whatCannotBeEncodedIsLogged() {
        let fixture = fixture()
        let client = join(fixture)
        fixture.loop.turn { fixture.io.emit("unspeakable") }
        #expect(client.takeSent() == [])
        #expect(fixture.log.entries.count == 1)
        #expect(fixture.log.entries.first?.contains("can't be encoded") == true)
    }

    static let violations = [
        "4nonsense", "4connect|/||", "4connect|/x||[]", "4connect|x||", "4connect||||", "4connect|/a,b||",
        "4error|/||{}", "4hello|/other||[]", "4hello|/|9007199254740992|[]", "4disconnecting|/||[]", "4hello|/||{}",
        "4hello|/||[", "4hello|/||[{\"_placeholder\":true,\"num\":7}]",
    ]

    /// What a decoder lets through is held to the rules that JSON is held to.
    @Test(arguments: violations)
    func violationsClose(text: String) {
        let fixture = fixture()
        let client = join(fixture)
        if text.contains("_placeholder") { client.receive(.binary([1])) }
        client.receive(.text(text))
        #expect(client.isClosed)
    }

    @Test func attachmentsAreLimited() {
        let fixture = fixture()
        for (count, isClosed) in [(10, false), (11, true)] {
            let client = join(fixture)
            for _ in 0..<count { client.receive(.binary([])) }
            let values = (0..<count).map { "{\"_placeholder\":true,\"num\":\($0)}" }.joined(separator: ",")
            client.receive(.text("4hello|/||[\(values)]"))
            #expect(client.isClosed == isClosed)
        }
    }
}

/// The packets of `socket.io-msgpack-parser`.
@Suite struct MessagePackParserTests {
    private func packet(_ hex: String) throws -> SocketPacket? {
        var decoder = MessagePackParser().makeDecoder(limits: ParserLimits(maxAttachments: 10))
        return try decoder.receive(.binary(ByteBuffer(bytes: [UInt8](hex: hex))))
    }

    private static func map(_ members: String...) -> String {
        (["8\(members.count)"] + members).joined()
    }

    private static let type = "a474797065"
    private static let data = "a464617461"
    private static let nsp = "a36e7370a12f"
    private static let id = "a26964"

    /// With `undefined` for absent members and with flags, as clients of version 2 of notepack send it.
    static let events = [
        map(type + "02", data + "92a5" + "68656c6c6f" + "01", nsp, id + "07"),
        map(data + "92a5" + "68656c6c6f" + "01", id + "07", nsp, type + "02"),
        map(
            type + "02",
            data + "92a5" + "68656c6c6f" + "01",
            "a76f7074696f6e73" + "81a8636f6d7072657373c3",
            id + "07",
            nsp
        ),
    ]

    @Test(arguments: events)
    func readsEvents(hex: String) throws {
        let packet = try #require(try packet(hex))
        guard case .event("hello", let arguments) = packet.content else {
            Issue.record("\(packet)")
            return
        }
        #expect(try arguments.decode(Int.self) == 1)
        #expect(arguments.count == 1)
        #expect(packet.id == 7)
        #expect(packet.namespace == "/")
    }

    @Test(arguments: events)
    func refusesEveryTruncation(hex: String) {
        for length in stride(from: 0, to: hex.count, by: 2) {
            #expect(throws: MessagePackError.self) { try packet(String(hex.prefix(length))) }
        }
    }

    @Test(arguments: [
        map(type + "00", nsp), map(type + "00", nsp, data + "c0"),
        map(type + "00", nsp, data + "d40000", id + "d40000"),
        map(type + "00", nsp, data + "80"), map(type + "01", nsp), map(type + "01", nsp, data + "c0"),
    ])
    func acceptsAbsentMembers(hex: String) throws {
        #expect(try packet(hex)?.id == nil)
    }

    @Test(arguments: [
        "c0", "90", map(nsp), map(type + "05", nsp), map(type + "ff", nsp), map(type + "a130", nsp), map(type + "00"),
        map(type + "00", "a36e737001"), map(type + "01", nsp, data + "80"), map(type + "02", nsp),
        map(type + "02", nsp, data + "80"), map(type + "02", nsp, data + "90"), map(type + "02", nsp, data + "91c0"),
        map(type + "02", nsp, data + "91a161", id + "a131"), map(type + "02", nsp, data + "91a161", id + "ff"),
        map(type + "03", nsp, data + "80"), map(type + "02", nsp, data + "91a161") + "00",
    ])
    func refuses(hex: String) {
        #expect(throws: MessagePackError.self) { try packet(hex) }
    }

    @Test func textIsNoPacket() {
        var decoder = MessagePackParser().makeDecoder(limits: ParserLimits(maxAttachments: 10))
        #expect(throws: MessagePackError.notBinary) { _ = try decoder.receive(.text(ByteBuffer(string: "0"))) }
    }

    @Test func packetsSurvive() throws {
        let arguments = try SocketArguments(encoding: "a", 1.5, ByteBuffer(bytes: [1, 2]), ["b": [true]])
        let contents: [SocketPacket.Content] = [
            .connect(try RawArgument(json: "{\"token\":\"x\"}")), .disconnect, .event("e", arguments),
            .acknowledgement(arguments), .connectError(try RawArgument(json: "{\"message\":\"no\"}")),
        ]
        for content in contents {
            let hasID = if case .acknowledgement = content { true } else { false }
            let packet = SocketPacket(content, namespace: "/admin", id: hasID ? 300 : nil)
            let message = try #require(MessagePackParser().encode(packet).first)
            var decoder = MessagePackParser().makeDecoder(limits: ParserLimits(maxAttachments: 10))
            let back = try #require(try decoder.receive(.binary(message.payload)))
            #expect(back.namespace == "/admin")
            #expect(back.id == packet.id)
            switch (back.content, content) {
            case (.disconnect, .disconnect): break
            case (.connect(let one?), .connect(let other?)), (.connectError(let one), .connectError(let other)):
                #expect(one.json == other.json)
            case (.event("e", let one), .event(_, let other)), (.acknowledgement(let one), .acknowledgement(let other)):
                #expect(one.serialized == other.serialized)
            default: Issue.record("\(back) is not \(packet)")
            }
        }
    }
}
