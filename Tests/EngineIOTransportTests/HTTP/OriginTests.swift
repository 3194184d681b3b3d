import EngineIO
import FoundationEssentials
import Testing

@testable import EngineIOTransport

private let target = "/engine.io/?EIO=4&transport=polling"

/// What browsers on other origins are told.
@Suite struct OriginTests {
    private static let good = "http://good.example"

    @Test func preflightsAreAnsweredWithThePolicy() async throws {
        let cors = CORSPolicy(
            origins: .exactly(Self.good),
            allowsCredentials: true,
            methods: ["GET", "PUT", "POST"],
            allowedHeaders: ["my-header"],
            exposedHeaders: ["my-exposed-header"],
            maxAge: .seconds(123),
            optionsSuccessStatus: 200
        )
        let response = try await TestServer(EngineConfiguration(cors: cors))
            .request("OPTIONS \(target) HTTP/1.1", "Origin: \(Self.good)")
        #expect(response.status == 200)
        #expect(response["content-length"] == ["0"])
        #expect(response["access-control-allow-origin"] == [Self.good])
        #expect(response["access-control-allow-methods"] == ["GET,PUT,POST"])
        #expect(response["access-control-allow-headers"] == ["my-header"])
        #expect(response["access-control-expose-headers"] == ["my-exposed-header"])
        #expect(response["access-control-allow-credentials"] == ["true"])
        #expect(response["access-control-max-age"] == ["123"])
    }

    @Test func originsAreReflected() async throws {
        let cors = CORSPolicy(origins: .reflected, allowsCredentials: true, allowedHeaders: ["my-header"])
        let server = TestServer(EngineConfiguration(cors: cors))
        let preflight = try await server.request("OPTIONS \(target) HTTP/1.1", "Origin: http://engine.io")
        #expect(preflight.status == 204)
        #expect(preflight["access-control-allow-origin"] == ["http://engine.io"])
        #expect(preflight["access-control-allow-methods"] == ["GET,HEAD,PUT,PATCH,POST,DELETE"])
        let response = try await server.request("GET \(target) HTTP/1.1", "Origin: http://engine.io")
        #expect(response.status == 200)
        #expect(response["access-control-allow-origin"] == ["http://engine.io"])
        #expect(response["access-control-allow-credentials"] == ["true"])
        #expect(response["access-control-allow-methods"] == [])
        #expect(response["vary"] == ["Origin"])
    }

    @Test func refusalsAndUpgradesCarryTheFieldsToo() async throws {
        let server = TestServer(EngineConfiguration(cors: CORSPolicy(origins: .list([Self.good]))))
        let refusal = try await server.request("GET /engine.io/?transport=websocket HTTP/1.1", "Origin: \(Self.good)")
        #expect(refusal.text == #"{"code":3,"message":"Bad request"}"#)
        #expect(refusal["access-control-allow-origin"] == [Self.good])
        let webSocket = "/engine.io/?EIO=4&transport=websocket"
        let upgrade = try await server.webSocket(webSocket, "Origin: \(Self.good)")
        #expect(upgrade.status == 101)
        #expect(upgrade["access-control-allow-origin"] == [Self.good])
    }

    @Test func otherOriginsGetNoFields() async throws {
        let server = TestServer(EngineConfiguration(cors: CORSPolicy(origins: .list([Self.good]))))
        let response = try await server.request("OPTIONS \(target) HTTP/1.1", "Origin: http://bad.example")
        #expect(response.status == 204)
        #expect(response["access-control-allow-origin"] == [])
        #expect(response["access-control-allow-credentials"] == [])
    }

    @Test(arguments: [nil, CORSPolicy(origins: .any, preflightContinue: true)] as [CORSPolicy?])
    func preflightsThatAreNotAnsweredAreBadHandshakes(cors: CORSPolicy?) async throws {
        let response = try await TestServer(EngineConfiguration(cors: cors)).request("OPTIONS \(target) HTTP/1.1")
        #expect(response.status == 400)
        #expect(response.text == #"{"code":2,"message":"Bad handshake method"}"#)
        #expect(response["access-control-allow-origin"] == (cors == nil ? [] : ["*"]))
    }

    private static let origins: [(String?, Bool)] = [
        (nil, true), ("http://localhost", true), ("https://LOCALHOST", true), (good, true),
        ("http://bad.example", false), ("null", false), ("http://localhost:8080", false),
    ]

    @Test(arguments: origins)
    func webSocketsNeedAnAllowedOrigin(origin: String?, isAllowed: Bool) async throws {
        let webSocket = "/engine.io/?EIO=4&transport=websocket"
        let cors = CORSPolicy(origins: .list([Self.good]))
        let header = origin.map { "Origin: \($0)" } ?? "X: "
        let checking = TestServer(EngineConfiguration(cors: cors, checkOrigin: true))
        let status = isAllowed ? 101 : 400
        #expect(try await checking.webSocket(webSocket, header).status == status)
        #expect(try await TestServer(EngineConfiguration(cors: cors)).webSocket(webSocket, header).status == 101)
        // The upgrade of a session is no way around.
        let sid = try await checking.request("GET \(target) HTTP/1.1").sid
        #expect(try await checking.webSocket("\(webSocket)&sid=\(sid)", header).status == status)
    }

    @Test(arguments: origins)
    func pollsNeedAnAllowedOrigin(origin: String?, isAllowed: Bool) async throws {
        let cors = CORSPolicy(origins: .list([Self.good]))
        let header = origin.map { "Origin: \($0)" } ?? "X: "
        let checking = TestServer(EngineConfiguration(cors: cors, checkOrigin: true))
        let status = isAllowed ? 200 : 403
        #expect(try await checking.request("GET \(target) HTTP/1.1", header).status == status)
        let sid = try await checking.request("GET \(target) HTTP/1.1").sid
        let post = try await checking.request("POST \(target)&sid=\(sid) HTTP/1.1", header, body: "4a")
        #expect(post.status == status)
        #expect(checking.application.messages.count == (isAllowed ? 1 : 0))
        let connection = checking.application.connection
        try await checking.connect().inLoop { connection?.send(.text("b")) }
        #expect(try await checking.request("GET \(target)&sid=\(sid) HTTP/1.1", header).status == status)
        let unchecked = TestServer(EngineConfiguration(cors: cors))
        #expect(try await unchecked.request("GET \(target) HTTP/1.1", header).status == 200)
    }

    /// Requests for a name that a stranger gave to the server's address.
    @Test func otherHostsAreMisdirected() async throws {
        let server = TestServer(
            EngineConfiguration(cors: CORSPolicy(origins: .any), hosts: HostPolicy(["meet.example"])),
            clientFiles: ClientFiles(["socket.io.js": Data("a".utf8)])
        )
        let webSocket = "/engine.io/?EIO=4&transport=websocket"
        func status(_ lines: [String], host: String) async throws -> Int {
            let client = try await server.connect()
            try await client.write((lines + ["Host: \(host)", "", ""]).joined(separator: "\r\n"))
            return try await client.response().status
        }
        let requests = [
            ["GET \(target) HTTP/1.1"], ["OPTIONS \(target) HTTP/1.1"], ["GET /engine.io/socket.io.js HTTP/1.1"],
            ["GET \(webSocket) HTTP/1.1"] + HTTPTestClient.upgradeHeaders,
            ["GET \(webSocket) HTTP/1.1", "X: \u{e9}"] + HTTPTestClient.upgradeHeaders,
        ]
        for lines in requests {
            #expect(try await status(lines, host: "evil.example") == 421)
            #expect(try await status(lines, host: "meet.example:3000") != 421)
            #expect(try await status(lines, host: "127.0.0.1:3000") != 421)
        }
    }
}
