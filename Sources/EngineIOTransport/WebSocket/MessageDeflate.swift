import EngineIO
import NIOCore

/// Compresses the messages of WebSockets (RFC 7692, section 7.2.1).
///
/// With context takeover a WebSocket needs one of its own; without, all of a loop share one, which then also remembers
/// the last message, so that a broadcast is compressed once.
final class MessageCompressor {
    /// What every message ends with on its way out of zlib, and is left out.
    private static let tail = 4

    private let zlib: ZlibCompressor
    private let keepsContext: Bool
    private var last: (frame: ByteBuffer, compressed: ByteBuffer)?

    init(_ configuration: PerMessageDeflate, windowBits: Int, keepsContext: Bool) {
        self.keepsContext = keepsContext
        zlib = ZlibCompressor(
            .raw(windowBits: windowBits),
            level: configuration.level,
            memoryLevel: configuration.memoryLevel
        )
    }

    /// The WebSocket frame of the message, compressed.
    func frame(_ message: EncodedMessage) -> ByteBuffer {
        if let last, last.frame == message.frame { return last.compressed }
        let frame = EncodedMessage.compressedFrame(isBinary: message.isBinary, compress(message.packet))
        if !keepsContext { last = (message.frame, frame) }
        return frame
    }

    /// Compresses the bytes of a message.
    func compress(_ message: ByteBuffer) -> ByteBuffer {
        guard message.readableBytes > 0 else {
            // Section 7.2.3.6: an empty block, of which one byte is left.
            return ByteBuffer(bytes: [0])
        }
        var compressed = zlib.flush(message)
        compressed.moveWriterIndex(to: compressed.writerIndex - Self.tail)
        if !keepsContext { zlib.reset() }
        return compressed
    }
}

/// Decompresses the messages of WebSockets (RFC 7692, section 7.2.2).
///
/// With context takeover a WebSocket needs one of its own; without, all of a loop share one.
final class MessageDecompressor {
    private static let tail = ByteBuffer(bytes: [0x00, 0x00, 0xff, 0xff])

    private let zlib = ZlibDecompressor()
    private let keepsContext: Bool

    init(keepsContext: Bool) {
        self.keepsContext = keepsContext
    }

    /// Decompresses a message.
    /// - Parameters:
    ///   - compressed: The payloads of the message's frames.
    ///   - limit: The most bytes that the message may have.
    /// - Returns: The bytes of the message.
    /// - Throws: That it has more, or is not compressed data.
    func decompress(_ compressed: ByteBuffer, limit: Int) throws(ZlibDecompressor.Failure) -> ByteBuffer {
        defer { if !keepsContext { zlib.reset() } }
        var message = ByteBuffer()
        try zlib.decompress(compressed, into: &message, limit: limit)
        try zlib.decompress(Self.tail, into: &message, limit: limit)
        return message
    }
}
