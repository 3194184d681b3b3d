import EngineIO
import FoundationEssentials
import NIOCore
import SocketIO

/// The namespaces and events that the official Socket.IO client's tests expect.
enum SocketIOClientFixture {
    /// Adds what the tests expect of handshakes: a delay that the connect timeouts in them reckon with.
    static func configure(_ configuration: inout EngineConfiguration) {
        configuration.allowRequest = { _ in
            try? await Task.sleep(for: .milliseconds(10))
            return .allow
        }
    }

    static func register(on io: SocketIOServer) {
        io.use { socket in
            let refusal = socket.handshake.request.queryValue("fail") ?? ""
            guard refusal.isEmpty else { throw ConnectionRefused("Auth failed (main namespace)") }
        }
        io.of("/no").use { _ in throw ConnectionRefused("Auth failed (custom namespace)") }
        for name in ["/timeout_socket", "/valid", "/asd"] { _ = io.of(name) }
        io.of("/foo").onConnection { socket in answerID(socket) }
        io.of("/abc").onConnection { socket in socket.emit("handshake", HandshakeDescription(socket.handshake)) }
        io.onConnection { socket in
            answerID(socket)
            echo(socket)
            text(socket)
            binary(socket)
            blobs(socket)
        }
    }

    private static func answerID(_ socket: Socket) {
        let id = socket.id
        socket.on("getId") { id }
    }

    private static func echo(_ socket: Socket) {
        socket.on("hi") { socket.emit("hi") }
        socket.on("echo", raw: { arguments, acknowledge in acknowledge?(arguments[0]) })
        // The client counts how often this event arrives while it goes without an acknowledgement.
        socket.on(
            "ack",
            raw: { _, _ in
                socket.timeout(.seconds(10)).emit("ack") { result in
                    guard case .success(let answer) = result, (try? answer.decode(Int.self, at: 0)) == 5,
                        (try? answer.decode(JSONValue.self, at: 1)).map(isTest) ?? false
                    else { return }
                    socket.emit("got it")
                }
            }
        )
        socket.on("getHandshake") { HandshakeDescription(socket.handshake) }
    }

    private static func isTest(_ value: JSONValue) -> Bool {
        guard case .object(let members) = value else { return false }
        return members["test"] == .bool(true)
    }

    private static func text(_ socket: Socket) {
        socket.on("getAckDate") { (_: RawArgument) in Date() }
        socket.on("getDate") { socket.emit("takeDate", Date()) }
        socket.on("getDateObj") { socket.emit("takeDateObj", ["date": Date()]) }
        socket.on("getUtf8") {
            for text in ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"] {
                socket.emit("takeUtf8", text)
            }
        }
        socket.on("false") { socket.emit("false", false) }
    }

    private static func binary(_ socket: Socket) {
        let bytes = ByteBuffer(string: "asdfasdf")
        socket.on("doge") { socket.emit("doge", bytes) }
        socket.on("getbin") { socket.emit("takebin", bytes) }
        socket.on("buffa") { (_: ByteBuffer) in socket.emit("buffack") }
        socket.on("jsonbuff") { (mixed: MixedMessage) in
            if mixed.isAsSent { socket.emit("jsonbuff-ack") }
        }
        let order = Order(["abuff1", "abuff2"])
        socket.on("abuff1") { (_: ByteBuffer) in order.receive("abuff1") }
        socket.on("abuff2") { (_: RawArgument) in
            order.receive("abuff2")
            if order.isComplete { socket.emit("abuff2-ack") }
        }
    }

    private static func blobs(_ socket: Socket) {
        socket.on("blob") { (_: ByteBuffer) in socket.emit("back") }
        socket.on("jsonblob") { (mixed: MixedMessage) in
            if mixed.isAsSent { socket.emit("jsonblob-ack") }
        }
        let order = Order(["blob1", "blob2", "blob3"])
        socket.on("blob1") { (_: ByteBuffer) in order.receive("blob1") }
        socket.on("blob2") { (text: String) in if text == "second" { order.receive("blob2") } }
        socket.on("blob3") { (_: ByteBuffer) in
            order.receive("blob3")
            if order.isComplete { socket.emit("blob3-ack") }
        }
    }
}

/// An object with binary data in the middle of its text.
private struct MixedMessage: Decodable {
    var hello: String
    var message: Data
    var goodbye: String

    var isAsSent: Bool { hello == "lol" && goodbye == "gotcha" }
}

/// Whether events came in the order in which they were sent.
///
/// Unchecked: touched on the socket's loop only.
private final class Order: @unchecked Sendable {
    private let expected: [String]
    private var received: [String] = []

    init(_ expected: [String]) {
        self.expected = expected
    }

    var isComplete: Bool { received == expected }

    func receive(_ name: String) {
        received.append(name)
    }
}
