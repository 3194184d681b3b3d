import EngineIO
import NIOCore

/// Compresses and decompresses the messages of one WebSocket (RFC 7692).
final class WebSocketCompression {
    /// What was configured, and what of it the client agreed to.
    struct Terms: Sendable {
        var configuration: PerMessageDeflate
        var agreement: PerMessageDeflate.Agreement

        /// Accepts what a client offers; `nil` when nothing is configured or nothing can be agreed on.
        init?(_ configuration: PerMessageDeflate?, _ request: HandshakeRequest) {
            guard let configuration else { return nil }
            let offers = request.headers.filter { $0.name.lowercased() == "sec-websocket-extensions" }.map(\.value)
            guard let agreement = configuration.accept(offers) else { return nil }
            self.configuration = configuration
            self.agreement = agreement
        }
    }

    private let terms: Terms
    private let loop: NIOEngineLoop
    /// Those of this WebSocket alone, made when there is something to do.
    private var compressor: MessageCompressor?
    private var decompressor: MessageDecompressor?

    init(_ terms: Terms, on loop: NIOEngineLoop) {
        self.terms = terms
        self.loop = loop
    }

    /// The frame of a message, compressed if it is large enough and may be.
    func frame(_ message: EncodedMessage) -> ByteBuffer {
        guard message.isCompressible, message.packet.readableBytes >= terms.configuration.threshold else {
            return message.frame
        }
        return currentCompressor.frame(message)
    }

    /// Decompresses a message of at most `limit` bytes.
    func decompress(_ message: ByteBuffer, limit: Int) throws(ZlibDecompressor.Failure) -> ByteBuffer {
        guard terms.agreement.clientContextTakeover else {
            return try loop.decompressor.decompress(message, limit: limit)
        }
        let decompressor = self.decompressor ?? MessageDecompressor(keepsContext: true)
        self.decompressor = decompressor
        return try decompressor.decompress(message, limit: limit)
    }

    private var currentCompressor: MessageCompressor {
        if let compressor { return compressor }
        let windowBits = terms.agreement.serverMaxWindowBits
        let compressor =
            terms.agreement.serverContextTakeover
            ? MessageCompressor(terms.configuration, windowBits: windowBits, keepsContext: true)
            : loop.compressor(terms.configuration, windowBits: windowBits)
        self.compressor = compressor
        return compressor
    }
}
