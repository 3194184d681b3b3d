import EngineIO
import Logging

/// Answers an event whose sender waits for an acknowledgement.
///
/// Call it like a function, from anywhere, once; further calls do nothing.
///
/// Unchecked: what changes is touched only on the socket's loop.
public final class Acknowledge: @unchecked Sendable {
    private let socket: Socket
    private let id: UInt64
    private var isSent = false

    init(socket: Socket, id: UInt64) {
        self.socket = socket
        self.id = id
    }

    /// Sends the acknowledgement.
    public func callAsFunction<each Argument: Encodable>(_ arguments: repeat each Argument) {
        send { writer in
            var isFirst = true
            repeat try writer.writeElement(each arguments, &isFirst)
        }
    }

    /// Sends the acknowledgement with arguments that are passed on as they came.
    public func callAsFunction(raw arguments: SocketArguments) {
        send { $0.writeList(arguments) }
    }

    private func send(_ writeArguments: (inout ArgumentWriter) throws -> Void) {
        let packet: OutgoingPacket
        do {
            let prefix = socket.namespace.identity.wirePrefix
            packet = try .acknowledgement(id, prefix: prefix, writeArguments: writeArguments)
        } catch {
            socket.namespace.logger?.error(
                "an acknowledgement that can't be encoded was not sent",
                metadata: socket.logMetadata(error: error)
            )
            return
        }
        socket.connection.loop.run { [self] in
            guard !isSent else { return }
            isSent = true
            socket.transmit(packet)
        }
    }
}
