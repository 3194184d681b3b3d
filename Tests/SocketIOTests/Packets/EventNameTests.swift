import NIOCore
import Testing

@testable import SocketIO

@Suite struct EventNameTests {
    private static let names = [
        "", "a", "b", "ab", "ba", "message", "messages", "massages", "message-back", "message-bacl", "nessage-back",
        "7",
        "a\"b", "é", "\u{1}", "\u{0}", "\u{0}\u{0}",
    ]

    private func arguments(_ json: String) throws -> SocketArguments {
        try Packet(ByteBuffer(string: "2[\(json)]"), limits: ParserLimits(maxAttachments: 0)).arguments
    }

    private func matches(_ name: String, _ json: String) throws -> Bool {
        EventName(name).matches(try arguments(json))
    }

    @Test(arguments: names)
    func matchesItselfOnly(name: String) throws {
        var literal = ByteBuffer()
        JSONText.write(name, to: &literal)
        for other in Self.names {
            #expect(try matches(other, String(buffer: literal)) == (other == name), "\(other)")
        }
    }

    @Test func escapesMakeNoDifference() throws {
        #expect(try matches("a/b", "\"\\u0061\\/b\""))
        #expect(try !matches("a/b", "\"\\u0061\\/c\""))
        #expect(try matches("7", "7"))
        #expect(try arguments("-1.5,2").eventName == "-1.5")
    }
}
