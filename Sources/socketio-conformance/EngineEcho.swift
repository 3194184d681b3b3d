import EngineIO
import NIOCore

/// Sends every message back, as the official Engine.IO suites expect.
struct EngineEcho: EngineApplication {
    func receiveConnection(_ connection: any EngineConnection) -> any EngineConnectionHandler {
        Handler(connection)
    }

    private final class Handler: EngineConnectionHandler {
        private let connection: any EngineConnection

        init(_ connection: any EngineConnection) {
            self.connection = connection
        }

        func receive(_ message: EngineMessage) {
            switch message {
            case .text(let text):
                connection.send(.text(minimumCapacity: text.readableBytes) { $0.writeImmutableBuffer(text) })
            case .binary(let bytes):
                connection.send(.binary(bytes))
            }
        }

        func connectionClosed(_ reason: EngineCloseReason) {}
    }
}
