package import NIOCore

/// Puts WebSocket messages together from frames, by the rules of RFC 6455, section 5.
///
/// Splitting bytes into frames and unmasking them is the driver's; what a frame may be and mean is decided here.
package struct WebSocketAssembler: ~Copyable {
    private enum State {
        case idle
        case inMessage(isBinary: Bool, ByteBuffer)
        case closed
    }

    private var state = State.idle
    private let maxMessageSize: Int

    package init(maxMessageSize: Int) {
        self.maxMessageSize = maxMessageSize
    }

    /// A frame as received, unmasked.
    package struct Frame {
        package var isFinal: Bool
        package var hasReservedBits: Bool
        package var isMasked: Bool
        package var opcode: UInt8
        package var payload: ByteBuffer

        package init(isFinal: Bool, hasReservedBits: Bool, isMasked: Bool, opcode: UInt8, payload: ByteBuffer) {
            self.isFinal = isFinal
            self.hasReservedBits = hasReservedBits
            self.isMasked = isMasked
            self.opcode = opcode
            self.payload = payload
        }
    }

    package enum OnFrame: Equatable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        /// Answer with a pong frame of the same data.
        case pong(ByteBuffer)
        /// The peer closes: answer with a close frame of this code, or without one, and close.
        case close(WebSocketCloseCode?)
        /// The peer broke the protocol: send a close frame of this code and close.
        case fail(WebSocketCloseCode)
        /// The message has at least so many bytes, which is too many: close with ``WebSocketCloseCode/tooBig``.
        case tooLarge(Int)
        case none
    }

    /// A frame arrived.
    package mutating func receive(_ frame: Frame) -> OnFrame {
        if case .closed = state { return .none }
        let answer = answer(to: frame)
        switch answer {
        case .close, .fail, .tooLarge: state = .closed
        case .text, .binary, .pong, .none: break
        }
        return answer
    }

    private mutating func answer(to frame: Frame) -> OnFrame {
        // Section 5.1: a client masks every frame. Section 5.2: no extension was agreed on.
        guard frame.isMasked, !frame.hasReservedBits else { return .fail(.protocolError) }
        switch frame.opcode {
        case 0x0: return receiveContinuation(frame)
        case 0x1, 0x2:
            guard case .idle = state else { return .fail(.protocolError) }
            return receiveData(frame.payload, isBinary: frame.opcode == 0x2, isFinal: frame.isFinal)
        case 0x8, 0x9, 0xa:
            // Section 5.5: control frames are short and whole.
            guard frame.isFinal, frame.payload.readableBytes <= 125 else { return .fail(.protocolError) }
            switch frame.opcode {
            case 0x8: return receiveClose(frame.payload)
            case 0x9: return .pong(frame.payload)
            default: return .none
            }
        default: return .fail(.protocolError)
        }
    }

    private mutating func receiveContinuation(_ frame: Frame) -> OnFrame {
        guard case .inMessage(let isBinary, var message) = state else { return .fail(.protocolError) }
        let size = message.readableBytes + frame.payload.readableBytes
        guard size <= maxMessageSize else { return .tooLarge(size) }
        state = .idle
        message.writeImmutableBuffer(frame.payload)
        return receiveData(message, isBinary: isBinary, isFinal: frame.isFinal)
    }

    private mutating func receiveData(_ data: ByteBuffer, isBinary: Bool, isFinal: Bool) -> OnFrame {
        guard data.readableBytes <= maxMessageSize else { return .tooLarge(data.readableBytes) }
        guard isFinal else {
            state = .inMessage(isBinary: isBinary, data)
            return .none
        }
        state = .idle
        if isBinary { return .binary(data) }
        return data.isValidUTF8 ? .text(data) : .fail(.invalidPayload)
    }

    /// Section 7.4: the code must be one that may be sent, and the reason text.
    private func receiveClose(_ payload: ByteBuffer) -> OnFrame {
        var reason = payload
        if reason.readableBytes == 0 { return .close(nil) }
        guard let code = reason.readInteger(as: UInt16.self), WebSocketCloseCode.mayBeSent(code) else {
            return .fail(.protocolError)
        }
        return reason.isValidUTF8 ? .close(.normal) : .fail(.invalidPayload)
    }
}

/// Why a WebSocket is closed (RFC 6455, section 7.4.1).
package enum WebSocketCloseCode: UInt16 {
    case normal = 1000
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
    /// Whether the readable bytes are well-formed UTF-8.
    package var isValidUTF8: Bool {
        (try? UTF8Span(validating: readableBytesUInt8Span)) != nil
    }
}
