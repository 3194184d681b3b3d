import EngineIO
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

    @Test(
        arguments: [
            (nil, 101), ("http://localhost", 101), ("https://LOCALHOST", 101), (good, 101), ("http://bad.example", 400),
            ("null", 400), ("http://localhost:8080", 400),
        ] as [(String?, Int)]
    )
    func webSocketsNeedAnAllowedOrigin(origin: String?, status: Int) async throws {
        let webSocket = "/engine.io/?EIO=4&transport=websocket"
        let cors = CORSPolicy(origins: .list([Self.good]))
        let header = origin.map { "Origin: \($0)" } ?? "X: "
        let checking = TestServer(EngineConfiguration(cors: cors, checkWebSocketOrigin: true))
        #expect(try await checking.webSocket(webSocket, header).status == status)
        #expect(try await TestServer(EngineConfiguration(cors: cors)).webSocket(webSocket, header).status == 101)
        // The upgrade of a session is no way around.
        let sid = try await checking.request("GET \(target) HTTP/1.1").sid
        #expect(try await checking.webSocket("\(webSocket)&sid=\(sid)", header).status == status)
    }
}
