import FoundationEssentials
import NIOCore

/// Standard base64 with padding (RFC 4648, section 4), in which polling carries binary messages.
enum Base64 {
    static func encode(_ bytes: ByteBuffer, into buffer: inout ByteBuffer) {
        let encoded = bytes.withUnsafeReadableBytes { Data($0).base64EncodedData() }
        buffer.writeBytes(encoded)
    }

    /// Decodes text that must be base64 throughout; `nil` otherwise.
    static func decode(_ text: ByteBuffer) -> ByteBuffer? {
        text.withUnsafeReadableBytes { Data(base64Encoded: Data($0)) }.map { ByteBuffer(bytes: $0) }
    }
}
