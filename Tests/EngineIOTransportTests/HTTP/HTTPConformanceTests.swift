import EngineIO
import FoundationEssentials
import NIOCore
import Testing

@testable import EngineIOTransport

/// What RFC 9110, 9112 and 6455 demand of servers: bytes in, statuses out, and whether the connection lasts.
@Suite struct HTTPConformanceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: String
        var statuses: [Int]
        /// Whether the connection is open afterwards.
        var lasts: Bool

        var testDescription: String { name }

        /// Whether the request is broken where its answer has gone already.
        var isCutOff: Bool { name.hasSuffix("that nobody wants") }

        init(_ name: String, _ lines: [String], body: String = "", _ statuses: [Int], lasts: Bool) {
            self.name = name
            bytes = (lines + ["", ""]).joined(separator: "\r\n") + body
            self.statuses = statuses
            self.lasts = lasts
        }
    }

    private static let host = "Host: localhost"
    private static let poll = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1"
    private static let unknown = "POST /engine.io/?EIO=4&transport=polling&sid=x HTTP/1.1"
    /// `SID` stands for a session.
    private static let post = "POST /engine.io/?EIO=4&transport=polling&sid=SID HTTP/1.1"
    private static let webSocket = "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1"
    private static let connection = "Connection: Upgrade"
    private static let upgrade = "Upgrade: websocket"
    private static let version = "Sec-WebSocket-Version: 13"
    private static let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    private static let opening = [webSocket, host, connection, upgrade, version, key]

    private static func opening(without field: String, with other: String...) -> [String] {
        opening.filter { $0 != field } + other
    }

    /// RFC 9112: messages and connections.
    private static let messages: [Case] = [
        Case("no Host", [poll], [400], lasts: false),
        Case("two Hosts", [poll, host, host], [400], lasts: false),
        Case("Host that is none", [poll, "Host: a b"], [400], lasts: false),
        Case("empty Host", [poll, "Host:"], [200], lasts: true),
        Case("absolute form", [poll.replacing("/engine", with: "http://a.example/engine"), host], [200], lasts: true),
        Case("authority form", ["GET localhost:80 HTTP/1.1", host], [400], lasts: false),
        Case("CONNECT", ["CONNECT localhost:80 HTTP/1.1", host], [400], lasts: false),
        Case("asterisk form", ["OPTIONS * HTTP/1.1", host], [404], lasts: true),
        Case("asterisk form of GET", ["GET * HTTP/1.1", host], [400], lasts: false),
        Case("two requests at once", [poll, host, "", poll, host], [200, 200], lasts: true),
        Case("Connection: close", [poll, host, "Connection: close"], [200], lasts: false),
        Case("1.0", [poll.replacing("1.1", with: "1.0")], [200], lasts: false),
        Case("1.0 that stays", [poll.replacing("1.1", with: "1.0"), "Connection: keep-alive"], [200], lasts: true),
        Case("HTTP/2", ["GET /other HTTP/2.0", host], [505], lasts: false),
        Case("another protocol", ["\u{16}\u{3}\u{1}"], [400], lasts: false),
        Case("a protocol that is not spoken", [poll, host, connection, "Upgrade: h2c"], [200], lasts: false),
        Case("HEAD", ["HEAD /engine.io/socket.io.js HTTP/1.1", host], [200], lasts: true),
        Case("an unknown method", ["BREW /other HTTP/1.1", host], [400], lasts: false),
        Case("identity", [unknown, host, "Transfer-Encoding: identity"], [501], lasts: false),
        Case("identity, known", [post, host, "Transfer-Encoding: identity"], [501], lasts: false),
        Case("gzip", [post, host, "Transfer-Encoding: gzip, chunked"], [501], lasts: false),
        Case(
            "two lengths",
            [post, host, "Content-Length: 1", "Content-Length: 1"],
            body: "6",
            [400],
            lasts: false
        ),
        Case(
            "length and chunks",
            [post, host, "Content-Length: 1", "Transfer-Encoding: chunked"],
            body: "6",
            [400],
            lasts: false
        ),
        Case("chunks", [post, host, "Transfer-Encoding: chunked"], body: "1\r\n6\r\n0\r\n\r\n", [200], lasts: true),
        Case("a bad chunk", [post, host, "Transfer-Encoding: chunked"], body: "zz\r\n", [400], lasts: false),
        Case(
            "a bad chunk that nobody wants",
            [unknown, host, "Transfer-Encoding: chunked"],
            body: "zz\r\n",
            [400],
            lasts: false
        ),
    ]

    /// RFC 9110, sections 10.1.1 and 15.5, and RFC 6585.
    private static let refusals: [Case] = [
        Case("100", [post, host, "Expect: 100-continue", "Content-Length: 1"], [100], lasts: true),
        Case(
            "100 and the body",
            [post, host, "Expect: 100-continue", "Content-Length: 1"],
            body: "6",
            [100, 200],
            lasts: true
        ),
        Case(
            "no 100 where nothing is wanted",
            [unknown, host, "Expect: 100-continue", "Content-Length: 1"],
            [400],
            lasts: false
        ),
        Case("417", [post, host, "Expect: coffee", "Content-Length: 1"], body: "6", [417], lasts: false),
        Case("413 before the body", [post, host, "Content-Length: 101"], [413], lasts: false),
        Case("413 and no 100", [post, host, "Expect: 100-continue", "Content-Length: 101"], [413], lasts: false),
        Case(
            "the largest body",
            [post, host, "Content-Length: 100"],
            body: "4" + String(repeating: "a", count: 99),
            [200],
            lasts: true
        ),
        Case("a large field", [poll, host, "A: " + String(repeating: "a", count: 16_000)], [200], lasts: true),
        Case("431 for a field", [poll, host, "A: " + String(repeating: "a", count: 17_000)], [431], lasts: false),
        Case("100 fields", [poll, host] + (0..<100).map { "A\($0): a" }, [200], lasts: true),
        Case("431 for fields", [poll, host] + (0..<200).map { "A\($0): a" }, [431], lasts: false),
        Case(
            "431 for all",
            [poll, host] + (0..<10).map { "A\($0): " + String(repeating: "a", count: 8000) },
            [431],
            lasts: false
        ),
        Case("404", ["GET /other HTTP/1.1", host], [404], lasts: true),
    ]

    /// RFC 6455, section 4.2.
    private static let openings: [Case] = [
        Case("plain", opening, [101], lasts: true),
        Case("tokens", opening(without: connection, with: "Connection: keep-alive, upgrade"), [101], lasts: true),
        Case("several protocols", opening(without: upgrade, with: "Upgrade: h2c, WebSocket"), [101], lasts: true),
        Case("no Connection", opening(without: connection), [400], lasts: false),
        Case("another Connection", opening(without: connection, with: "Connection: close"), [400], lasts: false),
        Case("no Upgrade", opening(without: upgrade), [400], lasts: true),
        Case("no Host", opening(without: host), [400], lasts: false),
        Case("two Hosts", opening + [host], [400], lasts: false),
        Case("1.0", [webSocket.replacing("1.1", with: "1.0")] + opening.dropFirst(), [400], lasts: false),
        Case("no key", opening(without: key), [400], lasts: false),
        Case(
            "a short key",
            opening(without: key, with: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j"),
            [400],
            lasts: false
        ),
        Case(
            "a key that is none",
            opening(without: key, with: "Sec-WebSocket-Key: dGhlIHNhbXBsZSB_b25jZQ=="),
            [400],
            lasts: false
        ),
        Case("version 12", opening(without: version, with: "Sec-WebSocket-Version: 12"), [400], lasts: false),
        Case("no version", opening(without: version), [400], lasts: false),
        Case("a body", opening + ["Content-Length: 5"], body: "aaaaa", [400], lasts: false),
        Case("a body to come", opening + ["Content-Length: 5"], [400], lasts: false),
        Case("chunks", opening + ["Transfer-Encoding: chunked"], [400], lasts: false),
        Case("no body", opening + ["Content-Length: 0"], [101], lasts: true),
        Case("protocols that are none", opening + ["Sec-WebSocket-Protocol: a b"], [400], lasts: false),
    ]

    private func client(_ bytes: String) async throws -> HTTPTestClient {
        let server = TestServer(
            EngineConfiguration(maxPayload: 100),
            clientFiles: ClientFiles(["socket.io.js": Data("a".utf8)])
        )
        let client = try await server.connect()
        var bytes = bytes
        if bytes.contains("SID") {
            try await client.send([Self.poll])
            bytes = bytes.replacing("SID", with: try await client.response().sid)
        }
        try await client.write(bytes)
        for _ in 0..<3 { await client.run() }
        return client
    }

    @Test(arguments: messages + refusals + openings)
    func requestsAreAnsweredAsTheStandardsSay(example: Case) async throws {
        let client = try await client(example.bytes)
        let isHead = example.bytes.hasPrefix("HEAD")
        let responses = try await client.responses(areHeads: isHead)
        #expect(responses.map(\.status) == example.statuses)
        #expect(client.isActive == example.lasts)
        for response in responses where response.status >= 200 && !example.isCutOff {
            let said = response["connection"].map { $0.lowercased() }
            if !example.lasts { #expect(said == ["close"]) } else { #expect(!said.contains("close")) }
        }
    }

    @Test func aClientOfTheOldProtocolIsToldThatTheConnectionStays() async throws {
        let client = try await client("GET /engine.io/socket.io.js HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try await client.response()["connection"] == ["keep-alive"])
    }

    @Test func aHeadHasTheLengthOfTheBodyThatItDoesNotBring() async throws {
        let client = try await client("HEAD /engine.io/socket.io.js HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.responses(areHeads: true).first?["content-length"] == ["1"])
        #expect(client.rest.readableBytes == 0)
    }

    @Test(
        arguments: [
            ([], []), (["chat"], ["chat"]), (["a, b"], ["a"]), (["a", "b"], ["a"]), ([""], []), ([" "], []),
            (["", "b"], ["b"]),
        ] as [([String], [String])]
    )
    func theFirstSubprotocolIsChosen(offered: [String], chosen: [String]) async throws {
        let fields = offered.map { "Sec-WebSocket-Protocol: \($0)" }
        // The second goes the long way.
        for lines in [Self.opening + fields, Self.opening + fields + ["A: \u{e9}"]] {
            let client = try await client((lines + ["", ""]).joined(separator: "\r\n"))
            let response = try await client.response()
            #expect(response.status == 101)
            #expect(response["sec-websocket-protocol"] == chosen)
        }
    }
}
