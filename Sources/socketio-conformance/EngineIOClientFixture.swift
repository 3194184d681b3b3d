import EngineIO
import NIOCore

/// Greets, answers a few requests and echoes the rest, as the official Engine.IO client's tests expect.
struct EngineIOClientFixture: EngineApplication {
    func receiveConnection(_ connection: any EngineConnection) -> any EngineConnectionHandler {
        connection.send(.text("hi"))
        return Handler(connection)
    }

    private final class Handler: EngineConnectionHandler {
        private let connection: any EngineConnection

        init(_ connection: any EngineConnection) {
            self.connection = connection
        }

        func receive(_ message: EngineMessage) {
            switch message {
            case .text(let text):
                switch String(buffer: text) {
                case "give binary": connection.send(.binary(ByteBuffer(bytes: [0, 1, 2, 3, 4])))
                case "give utf8": connection.send(.text("пойду спать всем спокойной ночи"))
                case "sendHeaders": connection.send(.text(headers))
                case let other: connection.send(.text(other))
                }
            case .binary(let bytes): connection.send(.binary(bytes))
            }
        }

        func connectionClosed(_ reason: EngineCloseReason) {}

        /// The header of the handshake as JSON.
        private var headers: String {
            let fields = connection.handshake.headers.map { "\(quoted($0.name.lowercased())):\(quoted($0.value))" }
            return "{\(fields.joined(separator: ","))}"
        }

        private func quoted(_ text: String) -> String {
            let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return "\"\(escaped)\""
        }
    }
}
