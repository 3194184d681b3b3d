import CZlib
import Foundation

/// Compresses what browsers are sent, once for all of them.
enum Gzip {
    /// The bytes in the format of RFC 1952, by zlib's best effort.
    ///
    /// The same bytes give the same result on every day: the header names neither file nor time.
    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        // A window of 15 bits, and 16 for the format.
        var status = deflateInit2_(
            &stream,
            Z_BEST_COMPRESSION,
            Z_DEFLATED,
            15 + 16,
            9,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(status == Z_OK, "zlib: deflateInit2 answered \(status)")
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                status = deflate(&stream, Z_FINISH)
            }
        }
        precondition(status == Z_STREAM_END, "zlib: deflate answered \(status)")
        return Array(output.dropLast(Int(stream.avail_out)))
    }
}
