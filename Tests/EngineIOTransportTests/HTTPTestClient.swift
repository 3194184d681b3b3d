import EngineIO
import Metrics
import NIOCore
import NIOEmbedded

@testable import EngineIOTransport

/// A server that is asked over channels without sockets.
struct TestServer {
    let application = TestApplication()
    let clock = TestClock()
    let server: EngineServer
    private let loop = NIOAsyncTestingEventLoop()

    init(
        _ configuration: EngineConfiguration = .init(),
        clientFiles: ClientFiles? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) {
        server = EngineServer(
            application,
            configuration: configuration,
            clientFiles: clientFiles,
            metrics: metrics,
            clock: clock.engineClock
        )
    }

    /// A new connection.
    func connect(
        from address: String = "192.0.2.1",
        behind proxies: [AddressRange] = [],
        other: EngineHTTPHandler.Other = .refuse
    ) async throws -> HTTPTestClient {
        let channel = NIOAsyncTestingChannel(loop: loop)
        let other = UncheckedTransfer(other)
        try await channel.testingEventLoop.executeInContext {
            try channel.serve(behind: proxies) { [server] channel, client in
                try channel.configureEngineIO([server], client: client, other: other.value)
            }
        }
        try await channel.connect(to: SocketAddress(ipAddress: address, port: 1)).get()
        return HTTPTestClient(channel)
    }

    /// Lets time pass for the server and the loop of a client.
    func advance(by duration: Duration, _ client: HTTPTestClient) async {
        clock.advance(by: duration)
        await client.advance(by: TimeAmount(duration))
    }

    /// Sends a request on a connection of its own, and waits for the response.
    func request(_ lines: String..., body: String? = nil) async throws -> TestResponse {
        let client = try await connect()
        try await client.send(lines, body: body)
        return try await client.response()
    }

    /// Sends a request for WebSocket on a connection of its own, and waits for the response.
    func webSocket(_ target: String, _ headers: String...) async throws -> TestResponse {
        let client = try await connect()
        try await client.send(["GET \(target) HTTP/1.1"] + HTTPTestClient.upgradeHeaders + headers)
        return try await client.response()
    }
}

/// Carries a value to a channel's loop.
private struct UncheckedTransfer<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}

/// A client's end of a connection.
final class HTTPTestClient {
    static let upgradeHeaders = [
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    private let channel: NIOAsyncTestingChannel
    private var unread = ByteBuffer()

    init(_ channel: NIOAsyncTestingChannel) {
        self.channel = channel
    }

    /// Sends a request; `Host` is added to the lines.
    func send(_ lines: [String], body: String? = nil) async throws {
        var lines = lines + ["Host: localhost"]
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try await write((lines + ["", body ?? ""]).joined(separator: "\r\n"))
    }

    func write(_ text: String) async throws {
        try await channel.writeInbound(ByteBuffer(string: text))
    }

    /// Sends a text message in a frame of a WebSocket, masked with zeros.
    func writeFrame(_ text: String) async throws {
        var frame = ByteBuffer(bytes: [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0])
        frame.writeString(text)
        try await channel.writeInbound(frame)
        await run()
    }

    /// The next response.
    func response() async throws -> TestResponse {
        while true {
            if let response = TestResponse(&unread) { return response }
            try await receive()
        }
    }

    /// The responses that are there as a whole; those to `HEAD` have no bodies.
    func responses(areHeads: Bool = false) async throws -> [TestResponse] {
        while let bytes = try await channel.readOutbound(as: ByteBuffer.self) { unread.writeImmutableBuffer(bytes) }
        var responses: [TestResponse] = []
        while let response = TestResponse(&unread, isHead: areHeads) { responses.append(response) }
        return responses
    }

    /// Waits for more bytes.
    func receive() async throws {
        unread.writeImmutableBuffer(try await channel.waitForOutboundWrite(as: ByteBuffer.self))
    }

    var isActive: Bool { channel.isActive }

    /// Runs what is queued on the connection's loop.
    func run() async {
        await channel.testingEventLoop.run()
    }

    /// Runs what is queued until `condition` holds; work that ran elsewhere may queue more.
    /// - Throws: When the condition does not come to hold.
    func run(until condition: () -> Bool) async throws {
        for _ in 0..<100_000 {
            await run()
            if condition() { return }
            await Task.yield()
        }
        throw NeverHappened()
    }

    /// The condition of ``run(until:)`` did not come to hold.
    struct NeverHappened: Error {}

    /// Lets time pass.
    func advance(by time: TimeAmount) async {
        await channel.testingEventLoop.advanceTime(by: time)
    }

    /// Does something on the connection's loop, to the end of the turn.
    func inLoop(_ work: @escaping @Sendable () -> Void) async throws {
        try await channel.testingEventLoop.executeInContext(work)
        await run()
    }

    /// A handler of the connection, not kept alive.
    func handler<Handler: ChannelInboundHandler & SendableMetatype>(
        _ type: Handler.Type
    ) async throws -> WeakReference<Handler> {
        let reference = WeakReference<Handler>()
        try await channel.testingEventLoop.executeInContext { [channel] in
            reference.object = try channel.pipeline.syncOperations.handler(type: type)
        }
        return reference
    }

    /// The server is told to stop.
    func stop() async throws {
        try await channel.testingEventLoop.executeInContext { [channel] in
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        await run()
    }

    /// The network ends the connection.
    func abort() async throws {
        try await channel.testingEventLoop.executeInContext { [channel] in channel.close(promise: nil) }
        await run()
    }

    /// The client closes its end.
    func giveUp() async throws {
        try await channel.testingEventLoop.executeInContext { [channel] in
            channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    /// What came after the last response.
    var rest: ByteBuffer { unread }
}

/// Tells whether an object lives; touched on its loop, or when nothing else does.
final class WeakReference<Object: AnyObject>: @unchecked Sendable {
    weak var object: Object?
}

/// An HTTP response.
struct TestResponse {
    let status: Int
    /// The fields in the order sent, names in lower case.
    let headers: [(name: String, value: String)]
    let body: ByteBuffer

    var text: String { String(buffer: body) }

    /// The values of a field.
    subscript(name: String) -> [String] {
        headers.filter { $0.name == name }.map(\.value)
    }

    /// The session id in the open packet.
    var sid: String {
        let parts = text.split(separator: "\"")
        return parts.count > 3 ? String(parts[3]) : ""
    }

    /// Takes a response from the bytes, once it is there as a whole.
    init?(_ bytes: inout ByteBuffer, isHead: Bool = false) {
        let all = Array(bytes.readableBytesView)
        guard let end = all.indices.first(where: { all[$0...].starts(with: "\r\n\r\n".utf8) }) else { return nil }
        let lines = String(decoding: all[..<end], as: UTF8.self).split(separator: "\r\n")
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts[1].drop { $0 == " " }.description)
        }
        status = Int(lines[0].split(separator: " ")[1]) ?? 0
        let length = isHead ? 0 : headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard bytes.readableBytes >= end + 4 + length else { return nil }
        bytes.moveReaderIndex(forwardBy: end + 4)
        body = bytes.readSlice(length: length) ?? ByteBuffer()
    }
}
