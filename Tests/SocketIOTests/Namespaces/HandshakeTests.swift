import EngineIO
import Testing

@testable import SocketIO

@Suite
struct HandshakeTests {
    private let handshake = Handshake(
        request: HandshakeRequest(
            target: "/socket.io/?a=1&a=2",
            query: [.init(name: "a", value: "1"), .init(name: "a", value: "2")],
            headers: [.init(name: "Cookie", value: "id=7"), .init(name: "cookie", value: "id=8")],
            remoteAddress: "192.0.2.1",
            isSecure: true,
            time: .now
        ),
        auth: .emptyObject
    )

    @Test(arguments: [("cookie", "id=7"), ("COOKIE", "id=7"), ("origin", nil)])
    func headerIsFoundWithoutRegardToCase(name: String, value: String?) {
        #expect(handshake.header(name) == value)
    }

    @Test(arguments: [("a", "1"), ("A", nil), ("b", nil)])
    func firstQueryItemOfTheNameCounts(name: String, value: String?) {
        #expect(handshake.queryValue(name) == value)
    }
}
