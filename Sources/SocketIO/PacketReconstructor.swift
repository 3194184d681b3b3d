import NIOCore

/// Puts packets and the binary messages that follow them together.
struct PacketReconstructor: Sendable {
    /// Boxed because a connection rarely waits for attachments and there are many connections.
    private indirect enum State {
        case idle
        case waiting(Packet, [ByteBuffer])
    }

    private var state = State.idle

    /// A packet whose attachments are there.
    typealias Complete = (packet: Packet, attachments: Attachments?)

    /// Takes a packet; `nil` when attachments are to come.
    mutating func receive(_ packet: Packet) throws(PacketError) -> Complete? {
        guard case .idle = state else { throw .textInsteadOfAttachment }
        return packet.type.isBinary ? try complete(packet, []) : (packet, nil)
    }

    /// Takes a binary message; `nil` when more are to come.
    mutating func receive(_ attachment: ByteBuffer) throws(PacketError) -> Complete? {
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
        _ packet: Packet,
        _ attachments: [ByteBuffer]
    ) throws(PacketError) -> Complete? {
        guard attachments.count >= packet.attachmentCount else {
            state = .waiting(packet, attachments)
            return nil
        }
        return (packet, try packet.attach(attachments))
    }
}
