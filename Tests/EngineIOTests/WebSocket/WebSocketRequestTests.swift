import NIOCore
import Testing

@testable import EngineIO

@Suite struct WebSocketRequestTests {
    private static func request(
        line: String = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        upgrade: String = "Upgrade: websocket\r\nConnection: Upgrade",
        _ more: String = ""
    ) -> String {
        "\(line)\r\nHost: localhost\r\n\(upgrade)\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(more)\r\n"
    }

    private func read(_ text: String) -> WebSocketRequest? {
        guard case .request(let request) = WebSocketRequest.read(ByteBuffer(string: text)) else { return nil }
        return request
    }

    private func isOther(_ bytes: ByteBuffer) -> Bool {
        if case .other = WebSocketRequest.read(bytes) { true } else { false }
    }

    @Test func readsTargetAndFields() throws {
        let request = try #require(read(Self.request("Cookie:  a=1; b=2 \r\nX-Empty:\r\n")))
        #expect(request.target == "/socket.io/?EIO=4&transport=websocket")
        let fields = request.headers.map { "\($0.name)=\($0.value)" }
        #expect(
            fields == [
                "Host=localhost", "Upgrade=websocket", "Connection=Upgrade", "Sec-WebSocket-Version=13",
                "Sec-WebSocket-Key=dGhlIHNhbXBsZSBub25jZQ==", "Cookie=a=1; b=2", "X-Empty=",
            ]
        )
    }

    @Test(
        arguments: [
            "UPGRADE: WebSocket\r\nCONNECTION: keep-alive, Upgrade", "Upgrade: websocket\r\nConnection: upgrade,foo",
        ]
    )
    func readsWhatBrowsersSend(upgrade: String) {
        #expect(read(Self.request(upgrade: upgrade)) != nil)
    }

    @Test func waitsForTheWholeHeadAndTakesNothingMore() {
        let whole = Array(Self.request("Cookie: a=1\r\n").utf8)
        for length in 0..<whole.count {
            guard case .incomplete = WebSocketRequest.read(ByteBuffer(bytes: whole[..<length])) else {
                Issue.record("\(length) bytes of the request are not its begin")
                continue
            }
        }
        #expect(isOther(ByteBuffer(bytes: whole + [0x81])))
        #expect(isOther(ByteBuffer(bytes: whole + Array("GET / HTTP/1.1\r\n".utf8))))
    }

    @Test(
        arguments: [
            request(line: "POST /socket.io/ HTTP/1.1"), request(line: "get /socket.io/ HTTP/1.1"),
            request(line: "GET http://localhost/ HTTP/1.1"), request(line: "GET * HTTP/1.1"),
            request(line: "GET  /socket.io/ HTTP/1.1"), request(line: "GET /socket.io/  HTTP/1.1"),
            request(line: "GET /socket.io/ HTTP/1.0"), request(line: "GET /socket.io/ HTTP/1.1 "),
            request(line: "GET /socket.io/"), request(line: "\u{16}\u{3}\u{1}"),
            request(line: "\r\nGET /socket.io/ HTTP/1.1"),
            request(line: "GET /é HTTP/1.1"), request(line: "GET /\u{7f} HTTP/1.1"),
            request(upgrade: "Upgrade: h2c\r\nConnection: Upgrade"), request(upgrade: "Upgrade: websocket"),
            request(upgrade: "Connection: Upgrade"), request(upgrade: "Upgrade: websocket\r\nConnection: close"),
            request("Upgrade: websocket\r\n"), request("connection: close\r\n"), request("Host: other\r\n"),
            request("Origin: http://a\r\nOrigin: http://b\r\n"), request("Sec-WebSocket-Key: other\r\n"),
            request("Content-Length: 0\r\n"), request("Transfer-Encoding: chunked\r\n"),
            request("Expect: 100-continue\r\n"),
            request("No colon\r\n"), request(": no name\r\n"), request("Space : a\r\n"), request(" Folded: a\r\n"),
            request("A: b\r\n c\r\n"), request("A: b\n"), request("A: b\rc\r\n"), request("A: b\u{0}\r\n"),
            request("A: b\tc\r\n"), request("A: é\r\n"), request("\u{e9}: a\r\n"),
            request().replacing("\r\n", with: "\n"),
        ]
    )
    func leavesAllElseToHTTP(request: String) {
        #expect(isOther(ByteBuffer(string: request)))
    }

    @Test func survivesAnyByteAnywhere() {
        let whole = Array(Self.request().utf8)
        for index in whole.indices {
            for byte in [UInt8(0), 0x0a, 0x0d, 0x20, 0x3a, 0x7f, 0xff] {
                var bytes = whole
                bytes[index] = byte
                _ = WebSocketRequest.read(ByteBuffer(bytes: bytes))
            }
        }
    }
}
