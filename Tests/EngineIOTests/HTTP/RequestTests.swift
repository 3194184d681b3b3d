import NIOCore
import Testing

@testable import EngineIO

@Suite struct RequestTests {
    enum Expected: Sendable {
        case success(EngineRequest.Purpose)
        case failure(EngineRequestError)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var method = "GET"
        var query: String
        var isWebSocket = false
        var allowEIO3 = false
        var expected: Expected
        var testDescription: String { "\(method) ?\(query) webSocket: \(isWebSocket)" }
    }

    @Test(arguments: [
        Row(query: "EIO=4&transport=polling", expected: .success(.handshake(.polling, .v4, base64: true))),
        Row(
            query: "EIO=4&transport=websocket",
            isWebSocket: true,
            expected: .success(.handshake(.webSocket, .v4, base64: true))
        ),
        Row(query: "EIO=4&transport=polling&sid=a", expected: .success(.poll(sid: "a"))),
        Row(method: "POST", query: "EIO=4&transport=polling&sid=a", expected: .success(.post(sid: "a"))),
        Row(method: "PUT", query: "EIO=4&transport=polling&sid=a", expected: .success(.badMethod(sid: "a"))),
        Row(query: "transport=websocket&sid=a", isWebSocket: true, expected: .success(.upgrade(sid: "a"))),
        Row(query: "EIO=4", expected: .failure(.transportUnknown)),
        Row(query: "EIO=4&transport=abc", expected: .failure(.transportUnknown)),
        Row(query: "EIO=4&transport=__proto__", expected: .failure(.transportUnknown)),
        Row(query: "transport=polling", expected: .failure(.unsupportedProtocolVersion)),
        Row(query: "EIO=abc&transport=polling", expected: .failure(.unsupportedProtocolVersion)),
        Row(query: "EIO=3&transport=polling", expected: .failure(.unsupportedProtocolVersion)),
        Row(
            query: "EIO=3&transport=polling",
            allowEIO3: true,
            expected: .success(.handshake(.polling, .v3, base64: false))
        ),
        Row(
            query: "EIO=3&transport=polling&b64=1",
            allowEIO3: true,
            expected: .success(.handshake(.polling, .v3, base64: true))
        ),
        Row(query: "transport=polling", allowEIO3: true, expected: .success(.handshake(.polling, .v3, base64: false))),
        Row(method: "POST", query: "EIO=4&transport=polling", expected: .failure(.badHandshakeMethod)),
        Row(method: "OPTIONS", query: "EIO=4&transport=polling", expected: .failure(.badHandshakeMethod)),
        Row(query: "EIO=4&transport=websocket", expected: .failure(.badRequest)),
        Row(query: "EIO=4&transport=polling", isWebSocket: true, expected: .failure(.badRequest)),
        Row(query: "transport=websocket&sid=a", expected: .failure(.badRequest)),
        Row(query: "transport=polling&sid=a", isWebSocket: true, expected: .failure(.badRequest)),
    ])
    func checksInTheOfficialOrder(row: Row) {
        let result = Result { () throws(EngineRefusal) in
            try EngineRequest.check(
                method: row.method,
                query: RequestTarget("/engine.io/?" + row.query).query,
                isWebSocket: row.isWebSocket,
                configuration: EngineConfiguration(allowEIO3: row.allowEIO3)
            )
        }
        switch (result, row.expected) {
        case (.success(let purpose), .success(let expected)): #expect(purpose == expected)
        case (.failure(let refusal), .failure(let expected)): #expect(refusal.error == expected)
        default: Issue.record("\(result)")
        }
    }

    @Test func refusesTransportsThatAreOff() {
        let configuration = EngineConfiguration(transports: [.webSocket])
        #expect(throws: EngineRefusal(.transportUnknown, context: ["transport": "polling"])) {
            try EngineRequest.check(
                method: "GET",
                query: [.init(name: "transport", value: "polling"), .init(name: "EIO", value: "4")],
                isWebSocket: false,
                configuration: configuration
            )
        }
    }

    @Test(arguments: [
        (EngineRequestError.transportUnknown, 400, #"{"code":0,"message":"Transport unknown"}"#),
        (.sessionUnknown, 400, #"{"code":1,"message":"Session ID unknown"}"#),
        (.badHandshakeMethod, 400, #"{"code":2,"message":"Bad handshake method"}"#),
        (.badRequest, 400, #"{"code":3,"message":"Bad request"}"#),
        (.forbidden, 403, #"{"code":4,"message":"Forbidden"}"#),
        (.unsupportedProtocolVersion, 400, #"{"code":5,"message":"Unsupported protocol version"}"#),
    ])
    func saysWhatClientsExpect(error: EngineRequestError, status: Int, body: String) {
        #expect(error.status == status)
        #expect(EngineRefusal(error).body == body)
    }

    @Test(
        arguments: [
            ("/a", "/a", []), ("/a?", "/a", []), ("/a?b", "/a", [.init(name: "b", value: "")]),
            ("/a?b=1&c=2", "/a", [.init(name: "b", value: "1"), .init(name: "c", value: "2")]),
            ("/a?b=1=2", "/a", [.init(name: "b", value: "1=2")]),
            ("/a?b%3D=%26%20+%C3%A9", "/a", [.init(name: "b=", value: "&  é")]),
            (
                "/a?b=%&c=%4&d=%zz", "/a",
                [
                    .init(name: "b", value: "%"), .init(name: "c", value: "%4"), .init(name: "d", value: "%zz"),
                ]
            ),
            ("/a?b=%ff", "/a", [.init(name: "b", value: "\u{fffd}")]),
        ] as [(String, String, [HandshakeRequest.QueryItem])]
    )
    func splitsTargets(target: String, path: String, query: [HandshakeRequest.QueryItem]) {
        #expect(RequestTarget(target).path == path)
        #expect(RequestTarget(target).query == query)
    }

    @Test func findsHeadersWithoutRegardToCase() {
        let request = HandshakeRequest(
            target: "/",
            query: [.init(name: "a", value: "1"), .init(name: "a", value: "2")],
            headers: [.init(name: "X-One", value: "1")],
            remoteAddress: "",
            isSecure: false,
            time: .now
        )
        #expect(request.header("x-oNE") == "1")
        #expect(request.header("x-on") == nil)
        #expect(request.queryValue("a") == "1")
        #expect(request.queryValue("A") == nil)
    }

    @Test(
        arguments: [
            ("%41%7a", "Az"), ("%4", "%4"), ("%", "%"), ("%+f", "% f"), ("%g0", "%g0"), ("%%41", "%A"), ("a+b", "a b"),
            ("%c3%A9", "\u{e9}"), ("%ff", "\u{fffd}"),
        ]
    )
    func escapesAreDecoded(text: String, decoded: String) {
        #expect(RequestTarget("/?" + text).query == [.init(name: decoded, value: "")])
    }

    @Test(
        arguments: [
            ("", []), ("&&", []), ("a", [("a", "")]), ("a=b=c&&d=", [("a", "b=c"), ("d", "")]),
            ("=&=b", [("", ""), ("", "b")]),
            ("a?b=c", [("a?b", "c")]),
        ] as [(String, [(String, String)])]
    )
    func queriesAreSplit(query: String, items: [(String, String)]) {
        let target = RequestTarget("/x?" + query)
        #expect(target.path == "/x")
        #expect(target.query == items.map { .init(name: $0.0, value: $0.1) })
    }

    @Test(
        arguments: [
            ("/socket.io/?a", true), ("/socket.io/", true), ("/socket.io", false), ("/Socket.io/", false), ("", false),
            ("/socket.io/x", true), ("/socket%2eio/", false),
        ]
    )
    func pathsAreComparedByteByByte(target: String, begins: Bool) {
        #expect(RequestTarget(target).pathBegins(with: "/socket.io/") == begins)
    }
}
