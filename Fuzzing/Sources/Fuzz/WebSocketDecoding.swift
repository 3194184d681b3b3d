import NIOCore

@testable import EngineIO

/// The bytes of a WebSocket after its handshake: cut into pieces or not, they must come to the same.
///
/// The first byte decides about the cuts and about compression.
func fuzzWebSocketFrames(_ bytes: ByteBuffer) {
    var bytes = bytes
    guard let seed = bytes.readInteger(as: UInt8.self) else { return }
    let allowsCompression = seed & 1 == 1
    let whole = decode([bytes], allowsCompression: allowsCompression)
    var pieces: [ByteBuffer] = []
    var size = Int(seed >> 1) % 13
    while let piece = bytes.readSlice(length: min(size % 13 + 1, bytes.readableBytes)), piece.readableBytes > 0 {
        pieces.append(piece)
        size += 5
    }
    precondition(decode(pieces, allowsCompression: allowsCompression) == whole, "it depends on where reads end")
}

/// The head of a request for a WebSocket; wherever a read ends within it, the rest is waited for.
func fuzzWebSocketRequest(_ bytes: ByteBuffer) {
    guard bytes.readableBytes < 1000, case .request = WebSocketRequest.read(bytes) else { return }
    for count in 0..<bytes.readableBytes {
        guard let beginning = bytes.getSlice(at: bytes.readerIndex, length: count) else { return }
        guard case .incomplete = WebSocketRequest.read(beginning) else {
            preconditionFailure("it depends on where reads end")
        }
    }
}

private func decode(_ pieces: [ByteBuffer], allowsCompression: Bool) -> [WebSocketDecoder.OnBytes] {
    var decoder = WebSocketDecoder(maxMessageSize: 1000, allowsCompression: allowsCompression)
    var spare = ByteBuffer()
    var answers: [WebSocketDecoder.OnBytes] = []
    for piece in pieces {
        decoder.receive(piece, spare: &spare)
        while true {
            let answer = decoder.next()
            if answer == .incomplete { break }
            answers.append(answer)
        }
        decoder.finish(spare: &spare)
    }
    return answers
}
