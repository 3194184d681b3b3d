import EngineIO
import NIOCore

/// Puts packets and the binary messages that follow them together.
struct PacketReconstructor: Sendable {
    /// Boxed because a connection rarely waits for attachments and there are many connections.
    private indirect enum State {
        case idle
        case waiting(Packet, [ByteBuffer])
    }

    private var state = State.idle

    /// Takes a packet that attachments may follow; `nil` when they are to come.
    mutating func receive(_ packet: Packet) throws(PacketError) -> Packet? {
        guard case .idle = state else { throw .textInsteadOfAttachment }
        return try complete(packet, [])
    }

    /// Takes a binary message; `nil` when more are to come.
    mutating func receive(_ attachment: ByteBuffer) throws(PacketError) -> Packet? {
        guard case .waiting(let packet, var attachments) = state else { throw .unexpectedAttachment }
        state = .idle
        attachments.append(attachment)
        return try complete(packet, attachments)
    }

    /// Whether attachments are to come.
    var isWaiting: Bool {
        if case .waiting = state { true } else { false }
    }

    private mutating func complete(
        _ packet: consuming Packet,
        _ attachments: consuming [ByteBuffer]
    ) throws(PacketError) -> Packet? {
        guard attachments.count >= packet.attachmentCount else {
            packet.keep()
            if let last = attachments.popLast() { attachments.append(last.kept) }
            state = .waiting(packet, attachments)
            return nil
        }
        try packet.attach(attachments)
        return packet
    }
}
