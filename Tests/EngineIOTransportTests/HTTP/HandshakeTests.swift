import EngineIO
import FoundationEssentials
import Locking
import NIOCore
import Testing

@testable import EngineIOTransport

private let polling = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1"
private let webSocket = "/engine.io/?EIO=4&transport=websocket"

/// What the options of a handshake do, whichever transport it is for.
@Suite struct HandshakeTests {
    private struct Failure: Error {}

    /// Collects what hooks are told.
    private final class Journal<Entry: Sendable>: Sendable {
        private let state = Mutex<[Entry]>([])
        var entries: [Entry] { state.withLock { $0 } }
        func add(_ entry: Entry) { state.withLock { $0.append(entry) } }
    }

    // MARK: allowRequest

    @Test func allowRequestRefusesWithItsOwnMessage() async throws {
        let errors = Journal<EngineRefusal>()
        let server = TestServer(
            EngineConfiguration(
                allowRequest: { _ in .refuse(#"Thou shall not "pass""#) },
                onConnectionError: { _, refusal in errors.add(refusal) }
            )
        )
        let response = try await server.request(polling)
        #expect(response.status == 403)
        #expect(response["content-type"] == ["application/json"])
        #expect(response.text == #"{"code":4,"message":"Thou shall not \"pass\""}"#)
        #expect(errors.entries.map(\.error) == [.forbidden])
        #expect(errors.entries.first?.context["message"] == #"Thou shall not "pass""#)
        #expect(server.server.sessionCount == 0)
    }

    @Test func allowRequestRefusesWebSockets() async throws {
        let server = TestServer(EngineConfiguration(allowRequest: { _ in .refuse() }))
        let response = try await server.webSocket(webSocket)
        #expect(response.status == 400)
        #expect(response.text == "Forbidden")
        #expect(response["connection"] == ["close"])
    }

    @Test func allowRequestIsAskedForHandshakesOnly() async throws {
        let requests = Journal<String>()
        let server = TestServer(
            EngineConfiguration(
                allowRequest: { request in
                    requests.add(request.target)
                    return request.header("token") == "1" ? .allow : .refuse()
                }
            )
        )
        let sid = try await server.request(polling, "token: 1").sid
        let target = "/engine.io/?EIO=4&transport=polling&sid=\(sid)"
        #expect(try await server.request("POST \(target) HTTP/1.1", body: "4a").text == "ok")
        #expect(try await server.webSocket("\(webSocket)&sid=\(sid)").status == 101)
        #expect(try await server.webSocket(webSocket, "token: 1").status == 101)
        #expect(requests.entries == ["/engine.io/?EIO=4&transport=polling", webSocket])
    }

    @Test func aClientThatGivesUpCancelsTheQuestion() async throws {
        let (cancelled, continuation) = AsyncStream.makeStream(of: Bool.self)
        let server = TestServer(
            EngineConfiguration(
                allowRequest: { _ in
                    try? await Task.sleep(for: .seconds(3600))
                    continuation.yield(Task.isCancelled)
                    return .allow
                }
            )
        )
        let client = try await server.connect()
        try await client.send([polling])
        try await client.giveUp()
        for await isCancelled in cancelled {
            #expect(isCancelled)
            break
        }
        #expect(!client.isActive)
        await client.run()
        #expect(server.server.sessionCount == 0)
    }

    // MARK: generateID

    @Test func sessionsGetTheIDThatTheApplicationMakes() async throws {
        let server = TestServer(EngineConfiguration(generateID: { $0.queryValue("id") ?? "" }))
        #expect(try await server.request("GET /engine.io/?EIO=4&transport=polling&id=one HTTP/1.1").sid == "one")
        #expect(server.server.session("one") != nil)
    }

    @Test(arguments: ["one", "", "a b", "a\"b", "é", String(repeating: "a", count: 129)])
    func idsThatAreInUseOrUnfitAreRefused(id: String) async throws {
        let errors = Journal<EngineRefusal>()
        let server = TestServer(
            EngineConfiguration(
                generateID: { $0.header("first") != nil ? "one" : id },
                onConnectionError: { _, refusal in errors.add(refusal) }
            )
        )
        _ = try await server.request(polling, "first: 1")
        let response = try await server.request(polling)
        #expect(response.status == 400)
        #expect(response.text == #"{"code":3,"message":"Bad request"}"#)
        #expect(errors.entries.map { $0.context["name"] } == ["ID_GENERATION_ERROR"])
        #expect(server.server.sessionCount == 1)
    }

    @Test func anErrorInsteadOfAnIDRefusesTheHandshake() async throws {
        let server = TestServer(EngineConfiguration(generateID: { _ in throw Failure() }))
        #expect(try await server.request(polling).text == #"{"code":3,"message":"Bad request"}"#)
        let response = try await server.webSocket(webSocket)
        #expect(response.status == 400)
        #expect(response.text == "Bad request")
    }

    @Test func theLongestIDIsTaken() async throws {
        let id = String(repeating: "a", count: 128)
        #expect(try await TestServer(EngineConfiguration(generateID: { _ in id })).request(polling).sid == id)
    }

    // MARK: Cookies

    @Test(
        arguments: [
            (EngineCookie(), "io=SID; Path=/; HttpOnly; SameSite=Lax"),
            (EngineCookie(name: "woot"), "woot=SID; Path=/; HttpOnly; SameSite=Lax"),
            (EngineCookie(path: "/custom"), "io=SID; Path=/custom; HttpOnly; SameSite=Lax"),
            (EngineCookie(path: nil), "io=SID; HttpOnly; SameSite=Lax"),
            (EngineCookie(sameSite: .strict), "io=SID; Path=/; HttpOnly; SameSite=Strict"),
            (EngineCookie(isHTTPOnly: false), "io=SID; Path=/; SameSite=Lax"),
            (
                EngineCookie(
                    path: nil,
                    domain: "example.org",
                    maxAge: .seconds(3600),
                    expires: Date(timeIntervalSince1970: 1_000_000_000),
                    isSecure: true,
                    sameSite: EngineCookie.SameSite.none,
                    isPartitioned: true,
                    priority: .high
                ),
                "io=SID; Max-Age=3600; Domain=example.org; Expires=Sun, 09 Sep 2001 01:46:40 GMT; HttpOnly; Secure; "
                    + "Partitioned; Priority=High; SameSite=None"
            ),
        ]
    )
    func theFirstPollingResponseSetsTheCookie(cookie: EngineCookie, expected: String) async throws {
        let server = TestServer(EngineConfiguration(cookie: cookie))
        let response = try await server.request(polling)
        let value = expected.split(separator: "SID").joined(separator: response.sid)
        #expect(response["set-cookie"] == [value])
    }

    @Test func noOtherResponseSetsTheCookie() async throws {
        let server = TestServer(EngineConfiguration(cookie: EngineCookie()))
        let sid = try await server.request(polling).sid
        let target = "/engine.io/?EIO=4&transport=polling&sid=\(sid)"
        #expect(try await server.request("POST \(target) HTTP/1.1", body: "4a")["set-cookie"] == [])
        #expect(try await server.webSocket(webSocket)["set-cookie"] == [])
        #expect(try await server.webSocket("\(webSocket)&sid=\(sid)")["set-cookie"] == [])
        #expect(try await TestServer().request(polling)["set-cookie"] == [])
    }

    // MARK: Header fields

    @Test func headerHooksAddTheirFields() async throws {
        let server = TestServer(
            EngineConfiguration(
                cookie: EngineCookie(),
                initialHeaders: { _ in [.init(name: "first", value: "1"), .init(name: "Set-Cookie", value: "a=b")] },
                headers: { [.init(name: "target", value: $0.target)] }
            )
        )
        let response = try await server.request(polling)
        #expect(response["first"] == ["1"])
        #expect(response["set-cookie"].count == 2)
        #expect(response["set-cookie"].last == "a=b")
        #expect(response["target"] == ["/engine.io/?EIO=4&transport=polling"])
        let target = "/engine.io/?EIO=4&transport=polling&sid=\(response.sid)"
        let post = try await server.request("POST \(target) HTTP/1.1", body: "4a")
        #expect(post["first"] == [])
        #expect(post["target"] == [target])
        let upgrade = try await server.webSocket("\(webSocket)&sid=\(response.sid)")
        #expect(upgrade.status == 101)
        #expect(upgrade["first"] == [])
        #expect(upgrade["target"] == ["\(webSocket)&sid=\(response.sid)"])
        let fresh = try await server.webSocket(webSocket)
        #expect(fresh["first"] == ["1"])
        #expect(fresh["set-cookie"] == ["a=b"])
        #expect(fresh["target"] == [webSocket])
        #expect(try await server.request("GET /engine.io/?EIO=4 HTTP/1.1")["target"] == ["/engine.io/?EIO=4"])
    }

    @Test func fieldsThatWouldSplitTheResponseAreLeftOut() async throws {
        let server = TestServer(
            EngineConfiguration(headers: { _ in [.init(name: "a", value: "b\r\nc: d"), .init(name: "e:", value: "f")] })
        )
        let response = try await server.request(polling)
        #expect(response.status == 200)
        #expect(response["a"] == [] && response["c"] == [] && response["e"] == [])
    }

    @Test(arguments: ["Mozilla/4.0 (compatible;MSIE 8.0)", "Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0)"])
    func internetExplorerIsToldNotToTakePacketsForAnAttack(agent: String) async throws {
        #expect(try await TestServer().request(polling, "User-Agent: \(agent)")["x-xss-protection"] == ["0"])
        #expect(try await TestServer().request(polling, "User-Agent: Mozilla/5.0")["x-xss-protection"] == [])
    }

    // MARK: Everything else

    @Test func theInitialPacketFollowsTheOpenPacket() async throws {
        let server = TestServer(EngineConfiguration(initialPacket: .text("faster!")))
        #expect(try await server.request(polling).text.hasSuffix("}\u{1e}4faster!"))
        let client = try await server.connect()
        try await client.send(["GET \(webSocket) HTTP/1.1"] + HTTPTestClient.upgradeHeaders)
        _ = try await client.response()
        await client.run()
        while !String(buffer: client.rest).hasSuffix("\u{8}4faster!") { try await client.receive() }
    }

    @Test(
        arguments: [
            (EngineConfiguration(), "/engine.io/", 200), (EngineConfiguration(), "/engine.io/foo/", 200),
            (EngineConfiguration(), "/engine.io", 404), (EngineConfiguration(path: "/a"), "/a/", 200),
            (EngineConfiguration(path: "/a/"), "/a/", 200), (EngineConfiguration(path: "/a"), "/ab/", 404),
            (EngineConfiguration(addTrailingSlash: false), "/engine.io", 200),
            (EngineConfiguration(addTrailingSlash: false), "/engine.io/foo/bar/", 200),
            (EngineConfiguration(path: "/a/", addTrailingSlash: false), "/ab", 200),
        ]
    )
    func pathsMatchByPrefix(configuration: EngineConfiguration, path: String, status: Int) async throws {
        let response = try await TestServer(configuration).request("GET \(path)?EIO=4&transport=polling HTTP/1.1")
        #expect(response.status == status)
    }

    @Test func upgradesAreRefusedWhereTheyAreNotAllowed() async throws {
        let server = TestServer(EngineConfiguration(allowUpgrades: false))
        let sid = try await server.request(polling).sid
        let response = try await server.webSocket("\(webSocket)&sid=\(sid)")
        #expect(response.status == 400)
        #expect(response.text == "Bad request")
        #expect(server.server.sessionCount == 1)
    }

    @Test func anAbandonedPollFreesItsConnection() async throws {
        let server = TestServer()
        let client = try await server.connect()
        try await client.send([polling])
        let sid = try await client.response().sid
        try await client.send(["GET /engine.io/?EIO=4&transport=polling&sid=\(sid) HTTP/1.1"])
        try await client.giveUp()
        #expect(!client.isActive)
        #expect(server.application.closeReasons == [.transportError])
    }
}
