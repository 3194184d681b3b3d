import NIOCore

/// The packet that opens a session; all of it but the session's id is the same for a server, and written once.
package struct OpenPacket: Sendable {
    /// The packet's type, and its data up to the id.
    private static let begin: StaticString = #"0{"sid":""#

    private let endOfPolling: ByteBuffer
    private let endOfWebSocket: ByteBuffer

    /// Makes the packet of a server.
    package init(_ configuration: EngineConfiguration) {
        endOfPolling = Self.end(.polling, configuration)
        endOfWebSocket = Self.end(.webSocket, configuration)
    }

    /// Encodes the packet.
    /// - Parameters:
    ///   - sid: The session's id.
    ///   - transport: What the session begins on.
    /// - Returns: The packet, ready for that transport.
    package func encoded(sid: String, transport: EngineTransport) -> EncodedMessage {
        let end = transport == .polling ? endOfPolling : endOfWebSocket
        let capacity = Self.begin.utf8CodeUnitCount + sid.utf8.count + end.readableBytes
        return EncodedMessage(isBinary: false, minimumCapacity: capacity) { buffer in
            buffer.writeStaticString(Self.begin)
            buffer.writeString(sid)
            buffer.writeImmutableBuffer(end)
        }
    }

    private static func end(_ transport: EngineTransport, _ configuration: EngineConfiguration) -> ByteBuffer {
        let upgrades = configuration.upgrades(from: transport).map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        return ByteBuffer(
            string: #"","upgrades":[\#(upgrades)],"#
                + #""pingInterval":\#(configuration.pingInterval.milliseconds),"#
                + #""pingTimeout":\#(configuration.pingTimeout.milliseconds),"#
                + #""maxPayload":\#(configuration.maxPayload)}"#
        )
    }
}
