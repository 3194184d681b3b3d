package import NIOCore

/// The body of a long-polling request or response in protocol 4: packets separated by the byte 1E.
package enum PayloadV4 {
    private static let separator: UInt8 = 0x1e

    package static func encode(_ packets: [EncodedMessage]) -> ByteBuffer {
        var payload = ByteBuffer()
        payload.reserveCapacity(packets.reduce(0) { $0 + $1.frame.readableBytes })
        for (index, packet) in packets.enumerated() {
            if index > 0 { payload.writeInteger(separator) }
            if packet.isBinary {
                payload.writeInteger(UInt8(ascii: "b"))
                Base64.encode(packet.packet, into: &payload)
            } else {
                payload.writeImmutableBuffer(packet.packet)
            }
        }
        return payload
    }

    /// Reads the packets one after the other, so that those before a bad one count.
    package struct Decoder {
        private var rest: ByteBuffer?

        package init(_ payload: ByteBuffer) {
            rest = payload
        }

        /// The next packet, or `nil` at the end.
        package mutating func next() throws(EnginePayloadError) -> EnginePacket? {
            guard var rest else { return nil }
            let length = rest.readableBytesView.firstIndex(of: separator).map { $0 - rest.readerIndex }
            let text = length.flatMap { rest.readSlice(length: $0) } ?? rest
            if length != nil {
                rest.moveReaderIndex(forwardBy: 1)
                self.rest = rest
            } else {
                self.rest = nil
            }
            guard let packet = EnginePacket(text: text, version: .v4) else { throw .malformed }
            return packet
        }
    }
}

/// A payload that can't be decoded.
package enum EnginePayloadError: Error {
    case malformed
}
