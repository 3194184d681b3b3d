import EngineIO
import FoundationEssentials
import NIOCore
import Testing

@testable import EngineIOTransport

/// The client's files, next to Engine.IO's requests.
@Suite struct ClientFilesTests {
    private static let script = String(repeating: "io();", count: 100)
    private let server = TestServer(
        EngineConfiguration(path: "/socket.io", cors: CORSPolicy(origins: .any)),
        clientFiles: ClientFiles(["socket.io.js": Data(script.utf8), "socket.io.min.js.map": Data("{}".utf8)])
    )

    @Test(arguments: ["/socket.io/socket.io.js", "/socket.io/socket.io.js?v=1"])
    func filesAreServed(target: String) async throws {
        let response = try await server.request("GET \(target) HTTP/1.1")
        #expect(response.status == 200)
        #expect(response.text == Self.script)
        #expect(response["content-type"] == ["application/javascript; charset=utf-8"])
        #expect(response["cache-control"] == ["public, max-age=0"])
        #expect(response["access-control-allow-origin"] == ["*"])
        #expect(response["etag"].first?.hasPrefix("\"") == true)
        let map = try await server.request("GET /socket.io/socket.io.min.js.map HTTP/1.1")
        #expect(map["content-type"] == ["application/json; charset=utf-8"])
        #expect(map["etag"] != response["etag"])
    }

    @Test(arguments: ["gzip", "deflate"])
    func filesAreCompressed(coding: String) async throws {
        let response = try await server.request("GET /socket.io/socket.io.js HTTP/1.1", "Accept-Encoding: \(coding)")
        #expect(response["content-encoding"] == [coding])
        #expect(response["vary"] == ["Accept-Encoding"])
        #expect(response.body.readableBytes < 100)
    }

    @Test func browsersThatHaveAFileAreTold() async throws {
        let target = "GET /socket.io/socket.io.js HTTP/1.1"
        let tag = try #require(try await server.request(target)["etag"].first)
        for known in [tag, "W/\(tag)", "\"other\", \(tag)"] {
            let response = try await server.request(target, "If-None-Match: \(known)")
            #expect(response.status == 304)
            #expect(response["etag"] == [tag])
            #expect(response.body.readableBytes == 0)
        }
        #expect(try await server.request(target, "If-None-Match: \"other\"").status == 200)
    }

    @Test func aHeadHasNoBody() async throws {
        let client = try await server.connect()
        try await client.send(["HEAD /socket.io/socket.io.js HTTP/1.1"])
        try await client.receive()
        let text = String(buffer: client.rest)
        #expect(text.contains("Content-Length: 500"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test(
        arguments: [
            "GET /socket.io/socket.io.min.js HTTP/1.1", "GET /socket.io/other.js HTTP/1.1", "GET /socket.io/ HTTP/1.1",
            "POST /socket.io/socket.io.js HTTP/1.1", "GET /socket.io/../socket.io.js HTTP/1.1",
        ]
    )
    func everythingElseIsEngineIO(request: String) async throws {
        #expect(try await server.request(request).text.hasPrefix(#"{"code":0"#))
    }

    @Test func withoutFilesNothingIsServed() async throws {
        let server = TestServer(EngineConfiguration(path: "/socket.io"))
        #expect(try await server.request("GET /socket.io/socket.io.js HTTP/1.1").status == 400)
    }

    @Test func filesComeFromAFolder() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "client-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: ClientFiles.NoFiles.self) { try ClientFiles(directory: folder.path) }
        try Data("esm".utf8).write(to: folder.appending(path: "socket.io.esm.min.js"))
        try Data("secret".utf8).write(to: folder.appending(path: "secret.js"))
        let server = TestServer(EngineConfiguration(), clientFiles: try ClientFiles(directory: folder.path))
        #expect(try await server.request("GET /engine.io/socket.io.esm.min.js HTTP/1.1").text == "esm")
        #expect(try await server.request("GET /engine.io/secret.js HTTP/1.1").status == 400)
    }
}
