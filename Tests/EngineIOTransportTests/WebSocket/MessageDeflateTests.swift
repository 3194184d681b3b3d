import EngineIO
import NIOCore
import Testing

@testable import EngineIOTransport

/// Vectors of RFC 7692, section 7.2.3.
@Suite struct MessageDeflateTests {
    @Test(
        arguments: [
            // 7.2.3.1: one block.
            [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
            // 7.2.3.3: a block without compression.
            [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
            // 7.2.3.4: a final block.
            [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
            // 7.2.3.5: two blocks.
            [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
        ] as [[UInt8]]
    )
    func decompresses(message: [UInt8]) throws {
        for keepsContext in [true, false] {
            let decompressor = MessageDecompressor(keepsContext: keepsContext)
            for _ in 0..<3 {
                #expect(
                    try decompressor.decompress(ByteBuffer(bytes: message), limit: 5) == ByteBuffer(string: "Hello")
                )
            }
        }
    }

    @Test func sharesTheWindowBetweenMessages() throws {
        // 7.2.3.2: the second message refers to the first.
        let (first, second): ([UInt8], [UInt8]) = (
            [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [0xf2, 0x00, 0x11, 0x00, 0x00]
        )
        let compressor = MessageCompressor(PerMessageDeflate(), windowBits: 15, keepsContext: true)
        let hello = ByteBuffer(string: "Hello")
        #expect(compressor.compress(hello) == ByteBuffer(bytes: first))
        #expect(compressor.compress(hello) == ByteBuffer(bytes: second))
        let decompressor = MessageDecompressor(keepsContext: true)
        #expect(try decompressor.decompress(ByteBuffer(bytes: first), limit: 5) == hello)
        #expect(try decompressor.decompress(ByteBuffer(bytes: second), limit: 5) == hello)
        let forgetful = MessageDecompressor(keepsContext: false)
        #expect(try forgetful.decompress(ByteBuffer(bytes: first), limit: 5) == hello)
        #expect(throws: ZlibDecompressor.Failure.corrupt) {
            try forgetful.decompress(ByteBuffer(bytes: second), limit: 5)
        }
    }

    @Test func keepsTheWindowBehindAFinalBlock() throws {
        let decompressor = MessageDecompressor(keepsContext: true)
        let final: [UInt8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]
        let reference: [UInt8] = [0xf2, 0x00, 0x11, 0x00, 0x00]
        #expect(try decompressor.decompress(ByteBuffer(bytes: final), limit: 5) == ByteBuffer(string: "Hello"))
        #expect(try decompressor.decompress(ByteBuffer(bytes: reference), limit: 5) == ByteBuffer(string: "Hello"))
    }

    @Test(arguments: [true, false], [0, 1, 5, 1023, 1024, 1025, 70_000])
    func roundTrip(keepsContext: Bool, length: Int) throws {
        let compressor = MessageCompressor(PerMessageDeflate(), windowBits: 9, keepsContext: keepsContext)
        let decompressor = MessageDecompressor(keepsContext: keepsContext)
        var generator = SystemRandomNumberGenerator()
        // Half of it random, so that the output is large, and half of it repeated.
        var bytes = (0..<length / 2).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes += Array(repeating: 7, count: length - bytes.count)
        let message = ByteBuffer(bytes: bytes)
        for _ in 0..<3 {
            #expect(try decompressor.decompress(compressor.compress(message), limit: length) == message)
        }
    }

    @Test func compressesABroadcastOnce() {
        let compressor = MessageCompressor(PerMessageDeflate(), windowBits: 15, keepsContext: false)
        func message(_ byte: UInt8) -> EncodedMessage { .binary(ByteBuffer(repeating: byte, count: 2000)) }
        let compressed = compressor.frame(message(97))
        #expect(compressed.readableBytes < 50)
        #expect(compressed.getInteger(at: compressed.readerIndex, as: UInt8.self) == 0xc2)
        let same = compressor.frame(message(97))
        let address = { (buffer: ByteBuffer) in buffer.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(address(same) == address(compressed))
        #expect(compressor.frame(message(98)) != compressed)
    }

    @Test func endsAtTheLimit() throws {
        let compressor = MessageCompressor(PerMessageDeflate(), windowBits: 15, keepsContext: false)
        let bomb = compressor.compress(ByteBuffer(repeating: 0, count: 1_000_000))
        #expect(bomb.readableBytes < 2000)
        let decompressor = MessageDecompressor(keepsContext: false)
        #expect(try decompressor.decompress(bomb, limit: 1_000_000).readableBytes == 1_000_000)
        #expect(throws: ZlibDecompressor.Failure.tooLarge) { try decompressor.decompress(bomb, limit: 999_999) }
        #expect(throws: ZlibDecompressor.Failure.tooLarge) { try decompressor.decompress(bomb, limit: 0) }
        // A failure leaves nothing behind.
        #expect(try decompressor.decompress(bomb, limit: 1_000_000).readableBytes == 1_000_000)
    }

    @Test func survivesEveryTruncation() {
        let compressor = MessageCompressor(PerMessageDeflate(), windowBits: 15, keepsContext: false)
        let text = (0..<200).map { "line \($0)\n" }.joined()
        let whole = compressor.compress(ByteBuffer(string: text))
        let decompressor = MessageDecompressor(keepsContext: false)
        for length in 0..<whole.readableBytes {
            guard let part = whole.getSlice(at: whole.readerIndex, length: length) else { continue }
            let message = try? decompressor.decompress(part, limit: 500)
            #expect(message?.readableBytes ?? 0 <= 500)
        }
        for byte in UInt8.min...UInt8.max {
            _ = try? decompressor.decompress(ByteBuffer(bytes: [byte, byte, byte]), limit: 100)
        }
    }
}
