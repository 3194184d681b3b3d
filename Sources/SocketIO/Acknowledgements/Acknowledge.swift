import EngineIO
import Logging

/// Answers an event whose sender waits for an acknowledgement.
///
/// Call it like a function, from anywhere, once; further calls do nothing.
///
/// Unchecked: `isSent` is touched only on the socket's loop; the rest does not change while anybody else has it.
public final class Acknowledge: @unchecked Sendable {
    /// Absent while nobody has this object, which is then kept for the next event.
    private var socket: Socket?
    private var id: UInt64
    private var isSent = false

    init(socket: Socket, id: UInt64) {
        self.socket = socket
        self.id = id
    }

    /// Sends the acknowledgement.
    public func callAsFunction<each Argument: Encodable>(_ arguments: repeat each Argument) {
        send { id, prefix in
            try .acknowledgement(id, prefix: prefix) { writer in
                var isFirst = true
                repeat try writer.writeElement(each arguments, &isFirst)
            }
        }
    }

    /// Sends the acknowledgement with arguments that are passed on as they came.
    public func callAsFunction(raw arguments: SocketArguments) {
        send { id, prefix in try .acknowledgement(id, prefix: prefix, raw: arguments) }
    }

    /// Sends what an error says.
    func callAsFunction(_ error: any AcknowledgeableError) {
        send { id, prefix in try .acknowledgement(id, prefix: prefix, raw: error.acknowledgement) }
    }

    private func send(_ encode: (_ id: UInt64, _ prefix: String) throws -> OutgoingPacket) {
        guard let socket else { return }
        let packet: OutgoingPacket
        do {
            let namespace = socket.namespace
            packet = try namespace.convert(encode(id, namespace.identity.wirePrefix))
        } catch {
            socket.namespace.logger?.error(
                "an acknowledgement that can't be encoded was not sent",
                metadata: socket.logMetadata(error: error)
            )
            return
        }
        if socket.roomIndex.loop.isCurrent {
            transmit(packet)
        } else {
            socket.connection.loop.execute { [self] in transmit(packet) }
        }
    }

    private func transmit(_ packet: OutgoingPacket) {
        guard !isSent else { return }
        isSent = true
        socket?.transmit(acknowledgement: packet)
    }

    // MARK: Reuse

    /// Makes a released object answer another event.
    fileprivate func reuse(socket: Socket, id: UInt64) {
        self.socket = socket
        self.id = id
        isSent = false
    }

    fileprivate func clear() {
        socket = nil
    }
}

/// Keeps the last ``Acknowledge`` that no handler has kept, so that most events don't need a new one.
struct AcknowledgePool {
    private var spare: Acknowledge?

    mutating func make(socket: Socket, id: UInt64) -> Acknowledge {
        guard let acknowledge = spare else { return Acknowledge(socket: socket, id: id) }
        spare = nil
        acknowledge.reuse(socket: socket, id: id)
        return acknowledge
    }

    /// Takes an object back after its event was handled, unless a handler has kept it.
    mutating func release(_ acknowledge: consuming Acknowledge) {
        guard isKnownUniquelyReferenced(&acknowledge) else { return }
        acknowledge.clear()
        spare = acknowledge
    }
}
