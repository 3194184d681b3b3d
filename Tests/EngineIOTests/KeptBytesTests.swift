import NIOCore
import Testing

@testable import EngineIO

/// The bytes of a message that outlive it.
@Suite struct KeptBytesTests {
    @Test(arguments: [0, 1, 30, 1000, 1024, 1025, 30_000, 32_768, 60_000])
    func whatIsKeptTakesNoMoreThanTwiceItsSize(size: Int) throws {
        var read = ByteBuffer(repeating: 0x20, count: 64 << 10)
        for position in 0..<size { read.setInteger(UInt8(truncatingIfNeeded: position), at: 100 + position) }
        let part = try #require(read.getSlice(at: 100, length: size))
        #expect(part.storageCapacity == 64 << 10)
        #expect(part.kept == part)
        #expect(part.kept.storageCapacity <= 2 * size)
    }

    @Test func whatIsMostOfItsBufferIsNotCopied() throws {
        let read = ByteBuffer(repeating: 1, count: 1024)
        let part = try #require(read.getSlice(at: 0, length: 512))
        let memory = part.withUnsafeReadableBytes { $0.baseAddress }
        #expect(part.kept.withUnsafeReadableBytes { $0.baseAddress } == memory)
    }
}
