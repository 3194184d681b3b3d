import NIOCore

/// Packets that wait to be sent, and what they weigh.
package struct PacketBuffer {
    package private(set) var packets: [EncodedMessage] = []
    /// The bytes of the packets.
    package private(set) var bytes = 0

    var isEmpty: Bool { packets.isEmpty }

    mutating func append(_ packet: EncodedMessage) {
        packets.append(packet)
        bytes += packet.frame.readableBytes
    }

    /// Empties the buffer.
    mutating func take() -> [EncodedMessage] {
        defer { self = Self() }
        return packets
    }
}
