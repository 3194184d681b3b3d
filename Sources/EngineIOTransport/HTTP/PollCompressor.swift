import EngineIO
import NIOCore

/// Compresses the responses to the polls of one loop; a stream costs a quarter of a MiB and serves all of them.
final class PollCompressor {
    private var streams: [ContentCoding: ZlibCompressor] = [:]

    /// Compresses a body as a whole.
    ///
    /// It takes about 20 ms of the loop for each MB; the official server does it on another thread, which costs it a hop
    /// for each of the small bodies that polls have.
    func compress(_ body: ByteBuffer, _ coding: ContentCoding, _ settings: HTTPCompression) -> ByteBuffer {
        let stream = streams[coding] ?? make(coding, settings)
        streams[coding] = stream
        defer { stream.reset() }
        return stream.finish(body)
    }

    private func make(_ coding: ContentCoding, _ settings: HTTPCompression) -> ZlibCompressor {
        let format: ZlibCompressor.Format =
            switch coding {
            case .gzip: .gzip
            case .deflate: .zlib
            }
        return ZlibCompressor(format, level: settings.level, memoryLevel: settings.memoryLevel)
    }
}
