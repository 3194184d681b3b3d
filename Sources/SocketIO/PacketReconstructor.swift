import NIOCore

/// Puts packets and the binary messages that follow them together.
struct PacketReconstructor: Sendable {
    /// Boxed because a connection rarely waits for attachments and there are many connections.
    private indirect enum State {
        case idle
        case waiting(Packet, [ByteBuffer])
    }

    private var state = State.idle

    /// A packet with all its attachments.
    struct CompletePacket: Sendable {
        var packet: Packet
        var attachments: Attachments?

        /// The elements of the payload from the one at `index` on.
        func arguments(from index: Int) -> SocketArguments {
            SocketArguments(payload: packet.payload, elements: packet.elements[index...], attachments: attachments)
        }
    }

    /// Takes a packet; `nil` when attachments are to come.
    mutating func receive(_ packet: Packet) throws(PacketError) -> CompletePacket? {
        guard case .idle = state else { throw .textInsteadOfAttachment }
        guard packet.type.isBinary else { return CompletePacket(packet: packet, attachments: nil) }
        return try complete(packet, [])
    }

    /// Takes a binary message; `nil` when more are to come.
    mutating func receive(_ attachment: ByteBuffer) throws(PacketError) -> CompletePacket? {
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
    ) throws(PacketError) -> CompletePacket? {
        guard attachments.count >= packet.attachmentCount else {
            state = .waiting(packet, attachments)
            return nil
        }
        return CompletePacket(packet: packet, attachments: try Attachments(attachments, payload: packet.payload))
    }
}
