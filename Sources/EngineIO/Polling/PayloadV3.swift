package import NIOCore

/// The body of a long-polling request or response in protocol 3, in its text and its binary form.
package enum PayloadV3 {
    /// The most digits a length may have; enough for any body within `maxPayload`, too few to overflow.
    private static let mostLengthDigits = 9

    /// Whether the binary form is needed: a binary packet for a client that did not ask for base64.
    package static func needsBinary(_ packets: [EncodedMessage], base64: Bool) -> Bool {
        !base64 && packets.contains(where: \.isBinary)
    }

    /// Encodes `length:packet` for each packet; the length counts UTF-16 code units, as JavaScript does.
    package static func encodeText(_ packets: [EncodedMessage]) -> ByteBuffer {
        var payload = ByteBuffer()
        for packet in packets {
            var body = packet.packet
            if packet.isBinary {
                body = ByteBuffer(string: "b4")
                Base64.encode(packet.packet, into: &body)
            }
            payload.writeString("\(utf16Length(of: body)):")
            payload.writeImmutableBuffer(body)
        }
        return payload
    }

    /// Encodes each packet as a mark (0 text, 1 binary), its length in bytes as digits of one byte each, FF, and data.
    package static func encodeBinary(_ packets: [EncodedMessage]) -> ByteBuffer {
        var payload = ByteBuffer()
        for packet in packets {
            let body = packet.packet
            payload.writeInteger(UInt8(packet.isBinary ? 1 : 0))
            for digit in "\(body.readableBytes + (packet.isBinary ? 1 : 0))".utf8 {
                payload.writeInteger(digit - UInt8(ascii: "0"))
            }
            payload.writeInteger(UInt8(0xff))
            if packet.isBinary { payload.writeInteger(UInt8(4)) }
            payload.writeImmutableBuffer(body)
        }
        return payload
    }

    /// Reads the packets one after the other, so that those before a bad one count.
    package struct Decoder {
        private var rest: ByteBuffer
        private let isBinary: Bool

        package init(_ payload: ByteBuffer, isBinary: Bool) {
            rest = payload
            self.isBinary = isBinary
        }

        /// The next packet, or `nil` at the end.
        package mutating func next() throws(EnginePayloadError) -> EnginePacket? {
            guard rest.readableBytes > 0 else { return nil }
            let packet = isBinary ? nextOfBinary() : nextOfText()
            guard let packet else { throw .malformed }
            return packet
        }

        private mutating func nextOfText() -> EnginePacket? {
            guard let length = readLength(zero: UInt8(ascii: "0"), end: UInt8(ascii: ":")),
                let bytes = byteLength(ofUTF16: length, in: rest),
                let text = rest.readSlice(length: bytes)
            else { return nil }
            return EnginePacket(text: text, version: .v3)
        }

        private mutating func nextOfBinary() -> EnginePacket? {
            guard let mark = rest.readInteger(as: UInt8.self), mark <= 1,
                let length = readLength(zero: 0, end: 0xff),
                let data = rest.readSlice(length: length)
            else { return nil }
            return mark == 0
                ? EnginePacket(text: data, version: .v3) : EnginePacket(binary: data, version: .v3)
        }

        private mutating func readLength(zero: UInt8, end: UInt8) -> Int? {
            var length = 0
            for count in 0...mostLengthDigits {
                guard let byte = rest.readInteger(as: UInt8.self) else { return nil }
                if byte == end { return count > 0 ? length : nil }
                guard byte >= zero, byte - zero <= 9 else { return nil }
                length = length * 10 + Int(byte - zero)
            }
            return nil
        }
    }
}

/// The UTF-16 code units that one UTF-8 byte stands for, counted at the first byte of each character.
private func utf16Units(_ byte: UInt8) -> Int {
    switch byte {
    case 0x80...0xbf: 0
    case 0xf0...: 2
    default: 1
    }
}

private func utf16Length(of text: ByteBuffer) -> Int {
    text.readableBytesView.reduce(0) { $0 + utf16Units($1) }
}

/// How many bytes the first `units` UTF-16 code units take; `nil` when there are fewer or the end splits a character.
private func byteLength(ofUTF16 units: Int, in text: ByteBuffer) -> Int? {
    var counted = 0
    var bytes = 0
    for byte in text.readableBytesView {
        let width = utf16Units(byte)
        if counted == units, width > 0 { return bytes }
        counted += width
        guard counted <= units else { return nil }
        bytes += 1
    }
    return counted == units ? bytes : nil
}
