package import NIOCore

/// A packet as received, apart from the transport that carried it.
package enum EnginePacket: Equatable {
    case open
    case close
    case ping(ByteBuffer)
    case pong
    case message(EngineMessage)
    case upgrade
    case noop

    /// Reads a packet that came as text: a digit for the type, then the data.
    /// - Returns: `nil` when the text is no packet.
    package init?(text packet: ByteBuffer, version: EngineProtocolVersion) {
        var data = packet
        guard let type = data.readInteger(as: UInt8.self) else { return nil }
        switch type {
        case UInt8(ascii: "0"): self = .open
        case UInt8(ascii: "1"): self = .close
        case UInt8(ascii: "2"): self = .ping(data)
        case UInt8(ascii: "3"): self = .pong
        case UInt8(ascii: "4"): self = .message(.text(data))
        case UInt8(ascii: "5"): self = .upgrade
        case UInt8(ascii: "6"): self = .noop
        case UInt8(ascii: "b"):
            // Protocol 3 has the packet type between the mark and the data.
            if version == .v3, data.readInteger(as: UInt8.self) != UInt8(ascii: "4") { return nil }
            guard let bytes = Base64.decode(data) else { return nil }
            self = .message(.binary(bytes))
        default: return nil
        }
    }

    /// Reads a packet that came as bytes, where a binary message is all that there can be.
    /// - Returns: `nil` when the bytes are no packet.
    package init?(binary packet: ByteBuffer, version: EngineProtocolVersion) {
        var data = packet
        if version == .v3, data.readInteger(as: UInt8.self) != 4 { return nil }
        self = .message(.binary(data))
    }
}

extension EncodedMessage {
    /// A packet that carries no message.
    package enum Control: UInt8 {
        case open = 0x30
        case close = 0x31
        case ping = 0x32
        case pong = 0x33
        case noop = 0x36
    }

    /// Encodes a packet that carries no message.
    package static func control(_ type: Control, _ data: String = "") -> Self {
        Self(isBinary: false, minimumCapacity: 1 + data.utf8.count) { buffer in
            buffer.writeInteger(type.rawValue)
            buffer.writeString(data)
        }
    }

    /// Encodes a WebSocket message that is no packet.
    package static func bare(isBinary: Bool, _ data: ByteBuffer) -> Self {
        Self(isBinary: isBinary, minimumCapacity: data.readableBytes) { $0.writeImmutableBuffer(data) }
    }

    package static let close = control(.close)
    package static let ping = control(.ping)
    package static let pong = control(.pong)
    package static let noop = control(.noop)
    package static let pongProbe = control(.pong, "probe")
}
