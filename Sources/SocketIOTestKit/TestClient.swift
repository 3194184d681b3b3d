import EngineIO
import NIOCore
import SocketIO

/// A client without network, which keeps the events it gets.
///
/// Unchecked: used by the task that turns the loop.
final class TestClient: EngineConnection, @unchecked Sendable {
    /// An event as the client sees it.
    struct Event: Equatable, CustomStringConvertible {
        var name: String
        var arguments: [JSONValue]

        init(_ name: String, _ arguments: JSONValue...) {
            self.name = name
            self.arguments = arguments
        }

        init(_ elements: SocketArguments) throws {
            name = try elements.decode(String.self)
            arguments = try (1..<max(1, elements.count)).map { try elements.decode(JSONValue.self, at: $0) }
        }

        var description: String { "\(name)\(arguments)" }
    }

    let id = "test-client"
    let protocolVersion = EngineProtocolVersion.v4
    let handshake: HandshakeRequest
    let transport = EngineTransport.webSocket
    let bufferedBytes = 0
    let bufferedPackets = 0
    let isWritable = true
    let testLoop: TestLoop
    let prefix: String

    /// The id of the socket; empty until the client was accepted.
    private(set) var socketID = ""
    /// The secret of the session, where servers have connection state recovery.
    private(set) var recoveryID: String?
    /// The last event, by the offset that came with it.
    private(set) var offset: String?
    /// The events of the client's own wishes, without markers; see ``markers``.
    private(set) var events: [Event] = []
    private(set) var markers: Set<String> = []
    private(set) var isDisconnected = false
    /// A JSON array with which the client acknowledges events, if it does.
    var answer: String?

    private var handler: (any EngineConnectionHandler)?
    private var isClosed = false
    private var waiting: (id: String, isBinary: Bool, json: ByteBuffer, count: Int, buffers: [ByteBuffer])?

    var loop: any EngineLoop { testLoop }

    /// A new client, or one that goes on with the session of an old one.
    init(_ loop: TestLoop, namespace: String, auth: String, _ old: TestClient? = nil) {
        recoveryID = old?.recoveryID
        offset = old?.offset
        testLoop = loop
        prefix = namespace == "/" ? "" : namespace + ","
        handshake = HandshakeRequest(
            target: "/socket.io/?EIO=4&transport=websocket&room=1",
            query: [.init(name: "EIO", value: "4"), .init(name: "room", value: "1")],
            headers: [.init(name: "User-Agent", value: "SocketIOTestKit")],
            remoteAddress: "192.0.2.1",
            isSecure: true,
            time: loop.now
        )
        self.auth = auth
    }

    private let auth: String

    func open(on server: SocketIOServer) {
        testLoop.turn { handler = server.receiveConnection(self) }
        receive("0" + prefix + auth)
    }

    /// The client sends a message.
    func receive(_ text: String) {
        testLoop.turn { handler?.receive(.text(ByteBuffer(string: text))) }
    }

    /// The client sends an event.
    func emit(_ json: String) {
        receive("2" + prefix + json)
    }

    /// What the client sends to go on where it was.
    var recoveryAuth: String {
        let offset = offset.map { ",\"offset\":\"\($0)\"" } ?? ""
        return "{\"pid\":\"\(recoveryID ?? "")\"\(offset)}"
    }

    /// The client's connection is lost.
    func end() {
        testLoop.turn { close(.transportClose) }
    }

    func takeEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    func close(_ reason: EngineCloseReason) {
        guard !isClosed else { return }
        isClosed = true
        isDisconnected = true
        let handler = self.handler
        self.handler = nil
        handler?.connectionClosed(reason)
    }

    func send(_ message: EncodedMessage) {
        guard !isClosed else { return }
        if message.isBinary {
            waiting?.buffers.append(message.payload)
        } else {
            receivePacket(String(buffer: message.payload))
        }
        guard let packet = waiting, packet.buffers.count == packet.count else { return }
        waiting = nil
        let arguments = try? SocketArguments(json: packet.json, binaryValues: packet.buffers)
        guard let arguments, var event = try? Event(arguments) else { return }
        if recoveryID != nil, packet.id.isEmpty, case .string(let offset)? = event.arguments.popLast() {
            self.offset = offset
        }
        if event.name == AdapterConformance.marker, case .string(let marker)? = event.arguments.first {
            markers.insert(marker)
        } else {
            events.append(event)
        }
        guard !packet.id.isEmpty, let answer else { return }
        testLoop.execute { self.handler?.receive(.text(ByteBuffer(string: "3\(self.prefix)\(packet.id)\(answer)"))) }
    }

    private func receivePacket(_ text: String) {
        var rest = text.dropFirst()
        switch text.first {
        case "0":
            rest = rest.dropFirst(prefix.count)
            let payload = try? SocketArguments(json: ByteBuffer(string: "[\(rest)]")).decode([String: String].self)
            socketID = payload?["sid"] ?? ""
            recoveryID = payload?["pid"]
        case "1":
            isDisconnected = true
        case "2":
            receiveEvent(rest.dropFirst(prefix.count), attachments: 0)
        case "5":
            let count = rest.prefix { $0 != "-" }
            receiveEvent(rest.dropFirst(count.count + 1 + prefix.count), attachments: Int(count) ?? 0)
        default:
            break
        }
    }

    private func receiveEvent(_ text: Substring, attachments: Int) {
        let id = text.prefix { $0.isNumber }
        waiting = (String(id), attachments > 0, ByteBuffer(substring: text.dropFirst(id.count)), attachments, [])
    }
}
