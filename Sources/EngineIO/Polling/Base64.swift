import FoundationEssentials
import NIOCore

/// Base64 (RFC 4648), in which polling carries binary messages.
enum Base64 {
    private static let padding: UInt8 = 64
    private static let space: UInt8 = 65
    private static let other: UInt8 = 66

    /// What each byte stands for: six bits, or one of the kinds above.
    private static let meanings: [UInt8] = {
        var meanings = [UInt8](repeating: other, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        for (value, byte) in alphabet.utf8.enumerated() { meanings[Int(byte)] = UInt8(value) }
        // The standard alphabet (section 4) and the one for URLs (section 5).
        for (byte, value) in zip("+-/_".utf8, [62, 62, 63, 63] as [UInt8]) { meanings[Int(byte)] = value }
        for byte in " \t\r\n".utf8 { meanings[Int(byte)] = space }
        meanings[Int(UInt8(ascii: "="))] = padding
        return meanings
    }()

    /// Writes the standard alphabet with padding and without line ends.
    static func encode(_ bytes: ByteBuffer, into buffer: inout ByteBuffer) {
        let encoded = bytes.withUnsafeReadableBytes { Data($0).base64EncodedData() }
        buffer.writeBytes(encoded)
    }

    /// Decodes what any client writes: either alphabet, with padding or without, with spaces and line ends anywhere.
    ///
    /// The clients for Java and Android end a line after 76 characters, and the last one too.
    /// - Returns: `nil` when there is anything else in the text, or its end does not make a byte.
    static func decode(_ text: ByteBuffer) -> ByteBuffer? {
        var bytes = ByteBuffer()
        var isValid = true
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: text.readableBytes / 4 * 3 + 3) { target in
            let written = text.withUnsafeReadableBytes { text in
                meanings.withUnsafeBufferPointer { decode(text, $0, to: target) }
            }
            isValid = written != nil
            return written ?? 0
        }
        return isValid ? bytes : nil
    }

    /// - Returns: The number of bytes written to `target`.
    private static func decode(
        _ text: UnsafeRawBufferPointer,
        _ meanings: UnsafeBufferPointer<UInt8>,
        to target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var (bits, digits, pads, written) = (UInt32(0), 0, 0, 0)
        for byte in text {
            let meaning = meanings[Int(byte)]
            if meaning < padding, pads == 0 {
                bits = bits << 6 | UInt32(meaning)
                digits += 1
                guard digits == 4 else { continue }
                target[written] = UInt8(truncatingIfNeeded: bits >> 16)
                target[written + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                target[written + 2] = UInt8(truncatingIfNeeded: bits)
                written += 3
                digits = 0
            } else if meaning == padding {
                pads += 1
            } else if meaning != space {
                return nil
            }
        }
        switch (digits, pads) {
        case (0, 0): return written
        case (2, 0), (2, 2):
            target[written] = UInt8(truncatingIfNeeded: bits >> 4)
            return written + 1
        case (3, 0), (3, 1):
            target[written] = UInt8(truncatingIfNeeded: bits >> 10)
            target[written + 1] = UInt8(truncatingIfNeeded: bits >> 2)
            return written + 2
        default: return nil
        }
    }
}
