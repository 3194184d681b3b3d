import EngineIO
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

/// What the official test suite of protocol revision 5 checks, message by message.
@Suite struct OfficialSuiteTests {
    private let fixture = Fixture(.init(connectTimeout: .seconds(1)))
    private var io: SocketIOServer { fixture.io }

    init() {
        io.onConnection { socket in
            socket.emit("auth", socket.handshake.auth)
            socket.on("message", raw: { arguments, _ in socket.emit("message-back", raw: arguments) })
            socket.on("message-with-ack", raw: { arguments, acknowledge in acknowledge?(raw: arguments) })
        }
        io.of("/custom").onConnection { socket in
            socket.emit("auth", socket.handshake.auth)
        }
    }

    /// Replaces the id in an answer to CONNECT, after checking its form.
    private func withoutID(_ sent: [TestConnection.Message]) -> [TestConnection.Message] {
        sent.map { message in
            guard case .text(let text) = message, let match = text.wholeMatch(of: /(40.*)\{"sid":"([\w\-]{20})"\}/)
            else { return message }
            return .text(match.1 + "{SID}")
        }
    }

    @Test(arguments: [
        ("40", ["40{SID}", "42[\"auth\",{}]"]),
        ("40{\"token\":\"123\"}", ["40{SID}", "42[\"auth\",{\"token\":\"123\"}]"]),
        ("40/custom,", ["40/custom,{SID}", "42/custom,[\"auth\",{}]"]),
        ("40/custom", ["40/custom,{SID}", "42/custom,[\"auth\",{}]"]),
        ("40/custom,{\"token\":\"abc\"}", ["40/custom,{SID}", "42/custom,[\"auth\",{\"token\":\"abc\"}]"]),
        ("40/random", ["44/random,{\"message\":\"Invalid namespace\"}"]),
    ])
    func connects(packet: String, answer: [String]) {
        let client = fixture.connect()
        client.receive(.text(packet))
        #expect(withoutID(client.sent) == answer.map(TestConnection.Message.text))
    }

    @Test func closesClientThatJoinsNothing() {
        let client = fixture.connect()
        fixture.loop.advance(by: .milliseconds(999))
        #expect(client.sent == [])
        fixture.loop.advance(by: .milliseconds(1))
        #expect(client.sent == [.closed])
    }

    @Test(arguments: ["4abc", "42{}", "42abc[\"message-with-ack\",1,\"2\"]", "42", "41{}"])
    func closesOnBadPacket(packet: String) {
        let before = fixture.connect()
        before.receive(.text(packet))
        #expect(before.sent == [.closed])
        let after = fixture.join()
        after.receive(.text(packet))
        #expect(after.sent == [.closed])
    }

    @Test func echoes() {
        let client = fixture.join()
        client.receive("42[\"message\",1,\"2\",{\"3\":[true]}]")
        #expect(client.takeSent() == ["42[\"message-back\",1,\"2\",{\"3\":[true]}]"])
        client.receive("42456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]")
        #expect(client.takeSent() == ["43456[1,\"2\",{\"3\":[false]}]"])
    }

    @Test func echoesBinary() {
        let client = fixture.join()
        let placeholders = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}"
        client.receive(.text("452-[\"message\",\(placeholders)]"), .binary([1, 2, 3]), .binary([4, 5, 6]))
        #expect(
            client.takeSent() == [
                .text("452-[\"message-back\",\(placeholders)]"), .binary([1, 2, 3]), .binary([4, 5, 6]),
            ]
        )
        client.receive(.text("452-789[\"message-with-ack\",\(placeholders)]"), .binary([1, 2, 3]), .binary([4, 5, 6]))
        #expect(
            client.takeSent() == [.text("462-789[\(placeholders)]"), .binary([1, 2, 3]), .binary([4, 5, 6])]
        )
    }

    @Test func disconnectIsNotAnswered() {
        let client = fixture.join()
        client.receive("41")
        #expect(client.sent == [])
    }

    @Test func leavingOneNamespaceKeepsTheOther() {
        let client = fixture.join()
        client.receive("40/custom")
        _ = client.takeSent()
        client.receive("41/custom", "42[\"message\",\"message to main namespace\"]")
        #expect(client.takeSent() == ["42[\"message-back\",\"message to main namespace\"]"])
    }
}
