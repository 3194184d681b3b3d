import NIOCore
import STUN

/// Cuts a stream into STUN messages, by the rule of `StreamFraming`.
struct STUNFrameDecoder: NIOSingleStepByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    /// The stream carries something that is not STUN.
    struct Violation: Error {
        let reason: STUNError
    }

    let framing: StreamFraming

    mutating func decode(buffer: inout ByteBuffer) throws(Violation) -> ByteBuffer? {
        switch framing.receive(prefix: buffer.readableBytesUInt8Span) {
        case .needsMore: nil
        case .message(let length): buffer.readSlice(length: length)
        case .violation(let reason): throw Violation(reason: reason)
        }
    }

    mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws(Violation) -> ByteBuffer? {
        try decode(buffer: &buffer)
    }
}
