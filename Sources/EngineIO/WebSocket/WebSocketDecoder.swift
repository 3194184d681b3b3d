package import NIOCore

/// Takes messages out of the bytes that a WebSocket's client sends, by the rules of RFC 6455, section 5.
///
/// A driver hands in bytes with ``receive(_:spare:)``, asks for ``next()`` until nothing is left, and calls
/// ``finish(spare:)``. Frames are checked by their headers before any of their payload is kept.
package struct WebSocketDecoder: ~Copyable {
    private enum State {
        case idle
        /// Frames of a message arrived, not its last.
        case inMessage(Message)
        case closed
    }

    private struct Message {
        var isBinary: Bool
        var isCompressed: Bool
        var payload: ByteBuffer
    }

    package enum OnBytes: Equatable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        /// A message to be decompressed, and then checked if it is text (RFC 7692, section 6.2).
        case compressed(ByteBuffer, isBinary: Bool)
        /// Answer with a pong frame of the same data.
        case pong(ByteBuffer)
        /// The peer closes: answer with a close frame of this code, or without one, and close.
        case close(WebSocketCloseCode?)
        /// The peer broke the protocol: send a close frame of this code and close.
        case fail(WebSocketCloseCode)
        /// The message has at least so many bytes, which is too many: close with ``WebSocketCloseCode/tooBig``.
        case tooLarge(Int)
        /// Nothing, until more bytes come.
        case incomplete
    }

    /// The largest spare buffer that is kept; whoever holds on to a message holds on to the buffer.
    private static let spareCapacity = 4096

    private var state = State.idle
    /// What arrived and was not taken out.
    private var bytes = ByteBuffer()
    /// How many of the bytes belong to complete frames and are unmasked.
    private var unmasked = 0
    /// The most bytes of a message.
    package let maxMessageSize: Int
    private let allowsCompression: Bool

    /// Makes a decoder.
    /// - Parameters:
    ///   - maxMessageSize: The most bytes of a message.
    ///   - allowsCompression: Whether permessage-deflate was agreed on.
    package init(maxMessageSize: Int, allowsCompression: Bool = false) {
        self.maxMessageSize = maxMessageSize
        self.allowsCompression = allowsCompression
    }

    /// Bytes arrived.
    /// - Parameters:
    ///   - input: The bytes, which are copied: the buffer that they were read to is free again.
    ///   - spare: A buffer that all decoders of a loop share, so that they need not allocate one for each read.
    package mutating func receive(_ input: ByteBuffer, spare: inout ByteBuffer) {
        if case .closed = state { return }
        if bytes.readableBytes == 0 {
            swap(&bytes, &spare)
            // A new one if somebody still holds a message of the last read.
            bytes.clear(minimumCapacity: input.readableBytes)
        }
        bytes.writeImmutableBuffer(input)
        let begin = unmasked
        unmasked += bytes.withUnsafeMutableReadableBytes { bytes in
            Self.unmask(UnsafeMutableRawBufferPointer(rebasing: bytes[begin...]))
        }
    }

    /// Takes out what comes next.
    package mutating func next() -> OnBytes {
        while true {
            if case .closed = state { return .incomplete }
            guard let header = WebSocketFrameHeader.read(bytes) else { return .incomplete }
            guard let answer = refusal(of: header) ?? take(header) else { continue }
            switch answer {
            case .close, .fail, .tooLarge: state = .closed
            case .text, .binary, .compressed, .pong, .incomplete: break
            }
            return answer
        }
    }

    /// Keeps what is left, and gives the spare buffer back.
    package mutating func finish(spare: inout ByteBuffer) {
        if case .closed = state { bytes.moveReaderIndex(to: bytes.writerIndex) }
        // What nothing was taken from grows in place, however many reads a message takes.
        guard bytes.readerIndex > 0 else { return }
        guard bytes.readableBytes > 0 else { return giveBack(&spare) }
        let rest = bytes.copy
        giveBack(&spare)
        bytes = rest
    }

    private mutating func giveBack(_ spare: inout ByteBuffer) {
        if spare.storageCapacity == 0, bytes.storageCapacity <= Self.spareCapacity {
            swap(&bytes, &spare)
        } else {
            bytes = ByteBuffer()
        }
    }

    // MARK: Frames

    /// What is wrong with a frame by its header alone.
    private func refusal(of header: WebSocketFrameHeader) -> OnBytes? {
        // Section 5.1: a client masks every frame.
        guard header.isMasked else { return .fail(.protocolError) }
        switch header.opcode {
        case 0x0:
            guard header.reservedBits == 0, case .inMessage(let message) = state else { return .fail(.protocolError) }
            // The frame alone first: with 64 bits of length the sum could overflow.
            return sizeRefusal(header.payloadLength)
                ?? sizeRefusal(UInt64(message.payload.readableBytes) + header.payloadLength)
        case 0x1, 0x2:
            // RFC 7692, section 6: the first bit marks a compressed message.
            guard header.reservedBits == 0 || (allowsCompression && header.reservedBits == 0x40), case .idle = state
            else { return .fail(.protocolError) }
            return sizeRefusal(header.payloadLength)
        case 0x8, 0x9, 0xa:
            // Section 5.5: control frames are short and whole.
            guard header.reservedBits == 0, header.isFinal, header.payloadLength <= 125 else {
                return .fail(.protocolError)
            }
            return nil
        default: return .fail(.protocolError)
        }
    }

    private func sizeRefusal(_ size: UInt64) -> OnBytes? {
        size <= UInt64(maxMessageSize) ? nil : .tooLarge(Int(clamping: size))
    }

    /// Takes out a frame without fault.
    /// - Returns: What it means; `nil` when that is nothing.
    private mutating func take(_ header: WebSocketFrameHeader) -> OnBytes? {
        let total = header.size + Int(header.payloadLength)
        guard total <= unmasked else { return .incomplete }
        bytes.moveReaderIndex(forwardBy: header.size)
        guard let payload = bytes.readSlice(length: Int(header.payloadLength)) else { return .incomplete }
        unmasked -= total
        switch header.opcode {
        case 0x0: return receiveContinuation(payload, isFinal: header.isFinal)
        case 0x1, 0x2:
            let message = Message(
                isBinary: header.opcode == 0x2,
                isCompressed: header.reservedBits != 0,
                payload: payload
            )
            if header.isFinal { return Self.complete(message) }
            // A copy, since what follows is appended to it.
            state = .inMessage(
                Message(isBinary: message.isBinary, isCompressed: message.isCompressed, payload: payload.copy)
            )
            return nil
        case 0x8: return Self.receiveClose(payload)
        case 0x9: return .pong(payload)
        default: return nil
        }
    }

    private mutating func receiveContinuation(_ payload: ByteBuffer, isFinal: Bool) -> OnBytes? {
        guard case .inMessage(var message) = state else { return .fail(.protocolError) }
        state = .idle  // gives up the second reference, so that the message grows in place
        message.payload.writeImmutableBuffer(payload)
        if isFinal { return Self.complete(message) }
        state = .inMessage(message)
        return nil
    }

    private static func complete(_ message: Message) -> OnBytes {
        if message.isCompressed { return .compressed(message.payload, isBinary: message.isBinary) }
        if message.isBinary { return .binary(message.payload) }
        return message.payload.isValidUTF8 ? .text(message.payload) : .fail(.invalidPayload)
    }

    /// Section 7.4: the code must be one that may be sent, and the reason text.
    private static func receiveClose(_ payload: ByteBuffer) -> OnBytes {
        var reason = payload
        if reason.readableBytes == 0 { return .close(nil) }
        guard let code = reason.readInteger(as: UInt16.self), WebSocketCloseCode.mayBeSent(code) else {
            return .fail(.protocolError)
        }
        guard reason.isValidUTF8 else { return .fail(.invalidPayload) }
        return .close(code == WebSocketCloseCode.goingAway.rawValue ? .goingAway : .normal)
    }

    // MARK: Masks

    /// Unmasks complete frames (section 5.3).
    /// - Returns: How many bytes they have.
    private static func unmask(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        var position = 0
        while position < bytes.count {
            let frame = UnsafeMutableRawBufferPointer(rebasing: bytes[position...])
            guard let header = WebSocketFrameHeader.read(UnsafeRawBufferPointer(frame)), header.isMasked,
                header.payloadLength <= UInt64(frame.count - header.size)
            else { break }
            let end = header.size + Int(header.payloadLength)
            let key = UnsafeRawBufferPointer(rebasing: frame[(header.size - 4)..<header.size])
            apply(
                key.loadUnaligned(as: UInt32.self),
                to: UnsafeMutableRawBufferPointer(rebasing: frame[header.size..<end])
            )
            position += end
        }
        return position
    }

    private static func apply(_ key: UInt32, to payload: UnsafeMutableRawBufferPointer) {
        guard key != 0 else { return }
        let wide = UInt64(key) << 32 | UInt64(key)
        var offset = 0
        while payload.count - offset >= 8 {
            let word = payload.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            payload.storeBytes(of: word ^ wide, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        withUnsafeBytes(of: wide) { wide in
            while offset < payload.count {
                payload[offset] ^= wide[offset & 3]
                offset += 1
            }
        }
    }
}

/// The header of a client's frame (RFC 6455, section 5.2).
struct WebSocketFrameHeader {
    var isFinal: Bool
    /// The three bits, where they stand in the first byte.
    var reservedBits: UInt8
    var opcode: UInt8
    var isMasked: Bool
    var payloadLength: UInt64
    /// The bytes of the header, the masking key included.
    var size: Int

    static func read(_ bytes: ByteBuffer) -> Self? {
        bytes.withUnsafeReadableBytes { read($0) }
    }

    /// Reads a header; `nil` when it is not complete.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Self? {
        guard bytes.count >= 2 else { return nil }
        let (first, second) = (bytes[0], bytes[1])
        let isMasked = second & 0x80 != 0
        let extended: Int
        switch second & 0x7f {
        case 126: extended = 2
        case 127: extended = 8
        default: extended = 0
        }
        let size = 2 + extended + (isMasked ? 4 : 0)
        guard bytes.count >= size else { return nil }
        let length =
            switch extended {
            case 2: UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            case 8: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            default: UInt64(second & 0x7f)
            }
        return Self(
            isFinal: first & 0x80 != 0,
            reservedBits: first & 0x70,
            opcode: first & 0x0f,
            isMasked: isMasked,
            payloadLength: length,
            size: size
        )
    }
}

/// Why a WebSocket is closed (RFC 6455, section 7.4.1).
package enum WebSocketCloseCode: UInt16 {
    case normal = 1000
    case goingAway = 1001
    case protocolError = 1002
    case invalidPayload = 1007
    case tooBig = 1009

    fileprivate static func mayBeSent(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension ByteBuffer {
    /// The readable bytes in memory of their own.
    fileprivate var copy: ByteBuffer {
        var copy = ByteBuffer()
        copy.writeImmutableBuffer(self)
        return copy
    }

    /// Whether the readable bytes are well-formed UTF-8.
    package var isValidUTF8: Bool {
        isASCII || (try? UTF8Span(validating: readableBytesUInt8Span)) != nil
    }

    /// Nearly all messages are, and this is a fraction of the full check.
    private var isASCII: Bool {
        withUnsafeReadableBytes { bytes in
            var (found, offset) = (UInt64(0), 0)
            while bytes.count - offset >= 8 {
                found |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            while offset < bytes.count {
                found |= UInt64(bytes[offset])
                offset += 1
            }
            return found & 0x8080_8080_8080_8080 == 0
        }
    }
}
