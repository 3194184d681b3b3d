import NIOCore
import STUN
import Testing

@testable import TURNServer

@Suite struct STUNFrameDecoderTests {
    private let messages = (0..<3).map { index -> [UInt8] in
        let padding = Array(repeating: UInt8(index), count: 4 * index)
        var bytes = bindingRequest() + [0x80, 0x22, 0, UInt8(padding.count)] + padding
        bytes[3] = UInt8(bytes.count - 20)
        return bytes
    }

    /// The same messages come out, whatever pieces the stream arrives in.
    @Test(arguments: 1...70)
    func piecesOfEverySize(size: Int) throws {
        let stream = messages.flatMap { $0 }
        let processor = NIOSingleStepByteToMessageProcessor(STUNFrameDecoder(framing: StreamFraming()))
        var decoded: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            // Bytes on both sides of the piece in the same memory must not matter.
            var buffer = ByteBuffer(bytes: [0xFF] + stream[start..<min(start + size, stream.count)] + [0xFF])
            buffer.moveReaderIndex(forwardBy: 1)
            buffer.moveWriterIndex(to: buffer.writerIndex - 1)
            try processor.process(buffer: buffer) { decoded.append(Array($0.readableBytesView)) }
        }
        #expect(decoded == messages)
    }

    @Test func violationsAreErrors() {
        let processor = NIOSingleStepByteToMessageProcessor(STUNFrameDecoder(framing: StreamFraming()))
        let error = #expect(throws: STUNFrameDecoder.Violation.self) {
            try processor.process(buffer: ByteBuffer(string: "GET /")) { _ in }
        }
        #expect(error?.reason == .notSTUN)
    }
}
