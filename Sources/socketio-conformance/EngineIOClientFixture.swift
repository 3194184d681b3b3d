import EngineIO
import FoundationEssentials
import Locking
import NIOCore

/// Greets, answers a few requests and echoes the rest, as the official Engine.IO client's tests expect.
final class EngineIOClientFixture: EngineApplication {
    /// The sessions that asked for the header of the request that is being answered.
    private let askers = Mutex<[String: any EngineConnection]>([:])

    /// Adds what the tests expect of handshakes and responses.
    func configure(_ configuration: inout EngineConfiguration) {
        configuration.allowRequest = { request in
            request.queryValue("deny") == nil ? .allow : .refuse()
        }
        configuration.initialHeaders = { _ in
            // Two cookies to keep and two that are over, one by its age and one by its date.
            [
                "1=1; Max-Age=86400", "2=2; Path=/; HttpOnly; Secure; SameSite=Strict", "3=3; Max-Age=0",
                "4=4; Expires=Thu, 01 Jan 2015 00:00:00 GMT",
            ].map { .init(name: "Set-Cookie", value: $0) }
        }
        configuration.headers = { request in
            self.answer(request)
            return []
        }
    }

    func receiveConnection(_ connection: any EngineConnection) -> any EngineConnectionHandler {
        connection.send(.text("hi"))
        return Handler(connection, self)
    }

    fileprivate func ask(_ connection: any EngineConnection) {
        askers.withLock { $0[connection.id] = connection }
    }

    /// Sends the header of the request to the session that sent it, if it asked for that.
    private func answer(_ request: HandshakeRequest) {
        guard let sid = request.queryValue("sid"),
            let connection = askers.withLock({ $0.removeValue(forKey: sid) })
        else { return }
        let header = Dictionary(request.headers.map { ($0.name.lowercased(), $0.value) }) { $0 + ", " + $1 }
        guard let json = try? JSONEncoder().encode(header) else { return }
        connection.loop.execute { connection.send(.text(String(decoding: json, as: UTF8.self))) }
    }

    private final class Handler: EngineConnectionHandler {
        private let connection: any EngineConnection
        private let fixture: EngineIOClientFixture

        init(_ connection: any EngineConnection, _ fixture: EngineIOClientFixture) {
            self.connection = connection
            self.fixture = fixture
        }

        func receive(_ message: EngineMessage) {
            switch message {
            case .text(let text):
                switch String(buffer: text) {
                case "give binary": connection.send(.binary(ByteBuffer(bytes: [0, 1, 2, 3, 4])))
                case "give utf8": connection.send(.text("пойду спать всем спокойной ночи"))
                case "sendHeaders": fixture.ask(connection)
                case let other: connection.send(.text(other))
                }
            case .binary(let bytes): connection.send(.binary(bytes))
            }
        }

        func connectionClosed(_ reason: EngineCloseReason) {}
    }
}
