import CZlib
package import NIOCore

/// A stream of zlib (RFC 1950 to 1952) that compresses.
package final class ZlibCompressor {
    package enum Format {
        /// RFC 1951, with a window of so many bits, 9 to 15.
        case raw(windowBits: Int)
        /// RFC 1950, which HTTP calls `deflate`.
        case zlib
        /// RFC 1952.
        case gzip

        fileprivate var windowBits: Int32 {
            switch self {
            case .raw(let bits): -Int32(bits)
            case .zlib: 15
            case .gzip: 15 + 16
            }
        }
    }

    private let stream: UnsafeMutablePointer<z_stream>

    package init(_ format: Format, level: Int = 6, memoryLevel: Int = 8) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit2_(
            stream,
            Int32(level),
            Z_DEFLATED,
            format.windowBits,
            Int32(memoryLevel),
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(status == Z_OK, "zlib: deflateInit2 answered \(status)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Compresses `input`, to the end of the stream.
    package func finish(_ input: ByteBuffer) -> ByteBuffer {
        compress(input, Z_FINISH)
    }

    /// Compresses `input` up to a byte boundary; the stream goes on.
    func flush(_ input: ByteBuffer) -> ByteBuffer {
        compress(input, Z_SYNC_FLUSH)
    }

    /// Forgets what was compressed and begins anew.
    func reset() {
        deflateReset(stream)
    }

    private func compress(_ input: ByteBuffer, _ flush: Int32) -> ByteBuffer {
        var output = ByteBuffer()
        let bound = Int(deflateBound(stream, UInt(input.readableBytes))) + 16
        input.withUnsafeReadableBytes { bytes in
            stream.setInput(bytes)
            repeat {
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { space in
                    stream.setOutput(space)
                    let status = deflate(stream, flush)
                    // Z_BUF_ERROR says that there was nothing to do.
                    precondition(status >= 0 || status == Z_BUF_ERROR, "zlib: deflate answered \(status)")
                    return space.count - Int(stream.pointee.avail_out)
                }
            } while stream.pointee.avail_out == 0
        }
        return output
    }
}

/// A stream of raw deflate (RFC 1951) that decompresses, whatever the peer sends.
final class ZlibDecompressor {
    enum Failure: Error {
        /// There is more than the limit.
        case tooLarge
        /// The data is not deflate's.
        case corrupt
    }

    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib: inflateInit2 answered \(status)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Forgets what was decompressed and begins anew.
    func reset() {
        inflateReset(stream)
    }

    /// Decompresses `input` behind what `output` holds, of which there may be `limit` bytes then.
    func decompress(_ input: ByteBuffer, into output: inout ByteBuffer, limit: Int) throws(Failure) {
        let failure: Failure? = input.withUnsafeReadableBytes { bytes in
            stream.setInput(bytes)
            while true {
                let room = limit - output.readableBytes
                // One byte more than allowed tells "exactly the limit" from "more".
                let space = min(room + 1, max(1024, bytes.count * 4))
                var status = Z_OK
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: space) { target in
                    stream.setOutput(UnsafeMutableRawBufferPointer(rebasing: target[..<space]))
                    status = inflate(stream, Z_SYNC_FLUSH)
                    return space - Int(stream.pointee.avail_out)
                }
                guard output.readableBytes <= limit else { return .tooLarge }
                switch status {
                case Z_STREAM_END:
                    // A final block ends the stream, not the message; the window stays (RFC 7692, section 7.2.3.4).
                    guard stream.pointee.avail_in > 0 else { return nil }
                    inflateResetKeep(stream)
                case Z_OK, Z_BUF_ERROR:
                    if stream.pointee.avail_out > 0 { return nil }
                default: return .corrupt
                }
            }
        }
        if let failure { throw failure }
    }
}

extension UnsafeMutablePointer<z_stream> {
    /// zlib reads input through a pointer to mutable bytes and leaves them alone.
    fileprivate func setInput(_ bytes: UnsafeRawBufferPointer) {
        pointee.next_in = UnsafeMutablePointer<UInt8>(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        pointee.avail_in = UInt32(bytes.count)
    }

    fileprivate func setOutput(_ bytes: UnsafeMutableRawBufferPointer) {
        pointee.next_out = bytes.bindMemory(to: UInt8.self).baseAddress
        pointee.avail_out = UInt32(bytes.count)
    }
}
