import CZlib
import EngineIO
import NIOCore
import Testing

@testable import EngineIOTransport

/// Which responses to polls are compressed, and that clients can read them.
@Suite struct PollCompressionTests {
    /// A response to a poll whose body, uncompressed, has so many bytes.
    private func poll(
        _ size: Int,
        _ headers: String...,
        configuration: EngineConfiguration = .init(),
        isCompressible: Bool = true
    ) async throws -> TestResponse {
        var message = EncodedMessage.text(String(repeating: "a", count: size - 1))
        message.isCompressible = isCompressible
        let packet = message
        let server = TestServer(configuration)
        let opening = try await server.connect()
        try await opening.send(["GET /engine.io/?EIO=4&transport=polling HTTP/1.1"])
        let sid = try await opening.response().sid
        try await opening.inLoop { server.application.connection?.send(packet) }
        let request = "GET /engine.io/?EIO=4&transport=polling&sid=\(sid) HTTP/1.1"
        let client = try await server.connect()
        try await client.send([request] + headers)
        return try await client.response()
    }

    @Test(arguments: [("gzip, deflate", "gzip", Int32(15 + 16)), ("deflate", "deflate", 15)])
    func largeBodiesAreCompressed(accepted: String, coding: String, windowBits: Int32) async throws {
        let response = try await poll(1024, "Accept-Encoding: \(accepted)")
        #expect(response["content-encoding"] == [coding])
        #expect(response["vary"] == ["Accept-Encoding"])
        #expect(response.body.readableBytes < 100)
        let inflated = try #require(inflate(response.body, windowBits, size: 2000))
        #expect(inflated == "4" + String(repeating: "a", count: 1023))
    }

    @Test func bodiesBelowTheThresholdAreNot() async throws {
        let response = try await poll(1023, "Accept-Encoding: gzip")
        #expect(response["content-encoding"] == [])
        #expect(response["vary"] == [])
        #expect(response.body.readableBytes == 1023)
        let lower = EngineConfiguration(httpCompression: HTTPCompression(threshold: 0))
        #expect(try await poll(2, "Accept-Encoding: gzip", configuration: lower)["content-encoding"] == ["gzip"])
    }

    @Test func clientsThatDoNotAskGetTheBodyAsItIs() async throws {
        let response = try await poll(5000)
        #expect(response["content-encoding"] == [])
        #expect(response["vary"] == ["Accept-Encoding"])
        #expect(response.body.readableBytes == 5000)
    }

    @Test func compressionCanBeOffForTheServerOrAMessage() async throws {
        let off = EngineConfiguration(httpCompression: nil)
        #expect(try await poll(5000, "Accept-Encoding: gzip", configuration: off)["content-encoding"] == [])
        #expect(try await poll(5000, "Accept-Encoding: gzip", isCompressible: false)["content-encoding"] == [])
    }

    /// What zlib makes of a compressed body.
    private func inflate(_ body: ByteBuffer, _ windowBits: Int32, size: Int) -> String? {
        var stream = z_stream()
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        var input = Array(body.readableBytesView)
        return input.withUnsafeMutableBufferPointer { input in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(size)
                guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
                return String(decoding: output[..<Int(stream.total_out)], as: UTF8.self)
            }
        }
    }
}
