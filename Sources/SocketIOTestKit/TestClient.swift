import EngineIO
import NIOCore
public import SocketIO

/// A Socket.IO client without a network: it joins a namespace of a server, sends events and keeps those that it gets.
///
///     let loop = ManualLoop()
///     let client = TestClient(of: io, on: loop)
///     try client.emit("say", "hello")
///     #expect(client.takeEvents() == [TestClient.Event("said", "hello")])
///
/// What the server's loop does follows within the call. What runs elsewhere, asynchronous handlers above all, is waited
/// for: by ``request(_:_:patience:)``, or by ``ManualLoop/wait(patience:until:)``.
///
/// Unchecked: used by the test while the loop rests, and by the loop's turns.
public final class TestClient: @unchecked Sendable {
    /// An event as the client sees it.
    public struct Event: Equatable, CustomStringConvertible, Sendable {
        /// The name.
        public var name: String
        /// The arguments.
        public var arguments: [JSONValue]

        /// Makes an event.
        public init(_ name: String, _ arguments: JSONValue...) {
            self.name = name
            self.arguments = arguments
        }

        init?(_ elements: [JSONValue]) {
            guard case .string(let name)? = elements.first else { return nil }
            self.name = name
            arguments = Array(elements.dropFirst())
        }

        /// Name and arguments.
        public var description: String { "\(name)\(arguments)" }
    }

    /// What carries the client's packets.
    public let connection: TestConnection
    /// The namespace that the client has joined or wants to join.
    public let namespace: String
    /// The id of the client's socket; empty until the client was let in.
    public private(set) var socketID = ""
    /// Why the client was not let in: an object with `message` and, where the server says more, `data`.
    public private(set) var refusal: JSONValue?
    /// The secret of the session, where servers have connection state recovery.
    public private(set) var recoveryID: String?
    /// The offset of the last event that had one.
    public private(set) var offset: String?
    /// The events since ``takeEvents()``.
    public private(set) var events: [Event] = []
    /// Whether the server has ended the client's stay in the namespace, or the connection is lost.
    public var isDisconnected: Bool { wasSentAway || connection.isClosed }
    /// What the client acknowledges an event with, if the server asks for that; `nil` for nothing.
    public var answer: (@Sendable (Event) -> [JSONValue]?)?

    private let prefix: String
    private let auth: JSONValue?
    private var wasSentAway = false
    private var lastRequest: UInt64 = 0
    private var answers: [UInt64: [JSONValue]] = [:]
    private var incomplete: Incomplete?

    /// A packet whose attachments are still to come.
    private struct Incomplete {
        var isEvent: Bool
        var id: UInt64?
        var json: ByteBuffer
        var count: Int
        var buffers: [ByteBuffer] = []
    }

    /// Makes a client and connects it.
    ///
    /// Unless the server has asynchronous middlewares, there is a ``socketID`` or a ``refusal`` afterwards.
    /// - Parameters:
    ///   - server: The server.
    ///   - loop: The loop on which the client's connection lives.
    ///   - namespace: The namespace that it joins.
    ///   - auth: What it sends to authenticate itself.
    public convenience init(
        of server: SocketIOServer,
        on loop: ManualLoop,
        namespace: String = "/",
        auth: JSONValue? = nil
    ) {
        self.init(of: server, over: TestConnection(on: loop), namespace: namespace, auth: auth)
    }

    /// Makes a client with a connection of one's own, which must be new, and connects it.
    /// - Parameters:
    ///   - server: The server.
    ///   - connection: What carries the packets, and says where the client comes from.
    ///   - namespace: The namespace that it joins.
    ///   - auth: What it sends to authenticate itself.
    public convenience init(
        of server: SocketIOServer,
        over connection: TestConnection,
        namespace: String = "/",
        auth: JSONValue? = nil
    ) {
        self.init(server, connection, namespace, auth, session: nil, offset: nil)
    }

    /// Makes a new client that goes on with the session of one which lost its connection, and connects it.
    /// - Parameters:
    ///   - client: The client whose session goes on.
    ///   - server: The server, which may be another one than before.
    ///   - connection: What carries the packets; it must be new.
    public convenience init(recovering client: TestClient, of server: SocketIOServer, over connection: TestConnection) {
        var auth: JSONObject = [:]
        auth["pid"] = client.recoveryID.map(JSONValue.string)
        auth["offset"] = client.offset.map(JSONValue.string)
        let (session, offset) = (client.recoveryID, client.offset)
        self.init(server, connection, client.namespace, .object(auth), session: session, offset: offset)
    }

    private init(
        _ server: SocketIOServer,
        _ connection: TestConnection,
        _ namespace: String,
        _ auth: JSONValue?,
        session: String?,
        offset: String?
    ) {
        self.connection = connection
        self.namespace = namespace
        self.auth = auth
        // What a client missed comes before it is told that it has joined.
        recoveryID = session
        self.offset = offset
        prefix = namespace == "/" ? "" : namespace + ","
        connection.onMessage = { [unowned self] message in receive(message) }
        connection.open(on: server)
        join()
    }

    /// Joins the namespace, which the client has done unless it left.
    public func join() {
        wasSentAway = false
        socketID = ""
        refusal = nil
        send(type: "0" + prefix, auth.map { Self.json($0).text } ?? "")
    }

    /// Leaves the namespace; the connection goes on.
    public func leave() {
        wasSentAway = true
        send(type: "1" + prefix, "")
    }

    /// Loses the connection.
    public func disconnect() {
        connection.manualLoop.turn { connection.end(.transportClose) }
    }

    /// Sends an event.
    /// - Throws: What an argument's `encode(to:)` throws.
    public func emit<each Argument: Encodable>(_ event: String, _ arguments: repeat each Argument) throws {
        sendEvent(try SocketArguments(encoding: event, repeat each arguments), id: nil)
    }

    /// Sends an event and waits for its acknowledgement.
    /// - Parameters:
    ///   - event: The event's name.
    ///   - arguments: Its arguments.
    ///   - patience: How long the acknowledgement may take, by the real clock.
    /// - Returns: The arguments of the acknowledgement.
    /// - Throws: ``ManualLoop/NeverHappened``, or what an argument's `encode(to:)` throws.
    public func request<each Argument: Encodable>(
        _ event: String,
        _ arguments: repeat each Argument,
        patience: Duration = .seconds(60)
    ) async throws -> [JSONValue] {
        lastRequest += 1
        let id = lastRequest
        sendEvent(try SocketArguments(encoding: event, repeat each arguments), id: id)
        try await connection.manualLoop.wait(patience: patience) { answers[id] != nil }
        return answers.removeValue(forKey: id) ?? []
    }

    /// What came since the last call.
    public func takeEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    // MARK: Packets

    /// A value as JSON text.
    private static func json(_ value: JSONValue) -> (text: String, buffers: [ByteBuffer]) {
        // Of a list of one, what is within the brackets. A JSON value can always be encoded.
        guard let (json, buffers) = try? SocketArguments(encoding: value).serialized else { return ("null", []) }
        return (String(String(buffer: json).dropFirst().dropLast()), buffers)
    }

    private func send(type: String, _ text: String) {
        connection.receive(.text("4" + type + text))
    }

    private func send(_ type: (text: String, binary: String), _ id: UInt64?, _ json: String, _ buffers: [ByteBuffer]) {
        let text = prefix + (id.map(String.init) ?? "") + json
        guard !buffers.isEmpty else { return send(type: type.text, text) }
        send(type: "\(type.binary)\(buffers.count)-", text)
        for buffer in buffers { connection.receive(EngineMessage.binary(buffer)) }
    }

    private func sendEvent(_ arguments: SocketArguments, id: UInt64?) {
        let (json, buffers) = arguments.serialized
        send(("2", "5"), id, String(buffer: json), buffers)
    }

    private func sendAnswer(_ values: [JSONValue], id: UInt64) {
        let (json, buffers) = Self.json(.array(values))
        send(("3", "6"), id, json, buffers)
    }

    private func receive(_ message: EncodedMessage) {
        if message.isBinary {
            incomplete?.buffers.append(message.payload)
        } else {
            receiveText(String(buffer: message.payload))
        }
        guard let packet = incomplete, packet.buffers.count == packet.count else { return }
        incomplete = nil
        let arguments = try? SocketArguments(json: packet.json, binaryValues: packet.buffers)
        guard let arguments,
            let elements = try? (0..<arguments.count).map({ try arguments.decode(JSONValue.self, at: $0) })
        else { return }
        if packet.isEvent {
            receiveEvent(elements, id: packet.id)
        } else if let id = packet.id {
            answers[id] = elements
        }
    }

    private func receiveText(_ text: String) {
        var rest = text.dropFirst()
        let type = text.first
        var count = 0
        if type == "5" || type == "6" {
            let digits = rest.prefix { $0 != "-" }
            count = Int(digits) ?? 0
            rest = rest.dropFirst(digits.count + 1)
        }
        guard rest.hasPrefix(prefix) else { return }
        rest = rest.dropFirst(prefix.count)
        switch type {
        case "0":
            let payload = Self.object(rest)
            if case .string(let id)? = payload?["sid"] { socketID = id }
            if case .string(let id)? = payload?["pid"] { recoveryID = id }
        case "1":
            wasSentAway = true
        case "4":
            refusal = Self.object(rest).map(JSONValue.object) ?? .null
        default:
            let digits = rest.prefix(while: \.isNumber)
            let json = ByteBuffer(substring: rest.dropFirst(digits.count))
            incomplete = Incomplete(isEvent: type == "2" || type == "5", id: UInt64(digits), json: json, count: count)
        }
    }

    private static func object(_ text: Substring) -> JSONObject? {
        guard
            case .object(let object)? = try? SocketArguments(json: ByteBuffer(string: "[\(text)]")).decode(
                JSONValue.self
            )
        else { return nil }
        return object
    }

    private func receiveEvent(_ elements: [JSONValue], id: UInt64?) {
        guard var event = Event(elements) else { return }
        if recoveryID != nil, id == nil, case .string(let offset)? = event.arguments.last {
            event.arguments.removeLast()
            self.offset = offset
        }
        events.append(event)
        guard let id, let answer = answer?(event) else { return }
        // Not within the server's call, as over a network.
        connection.manualLoop.execute { [self] in sendAnswer(answer, id: id) }
    }
}
