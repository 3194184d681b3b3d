package import NIOCore

/// Text as a JSON string (RFC 8259, section 7) that is a JavaScript string too.
package enum JSONString {
    /// Writes the text between quotation marks.
    ///
    /// U+2028 and U+2029 are escaped: JavaScript before 2019 took them for the end of a line.
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - buffer: Where to.
    package static func write(_ text: ByteBufferView, into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: text.count + 2)
        buffer.writeInteger(UInt8(ascii: "\""))
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                buffer.writeInteger(UInt8(ascii: "\\"))
                buffer.writeInteger(byte)
            case 0x0a: buffer.writeStaticString(#"\n"#)
            case 0..<0x20: buffer.writeString(#"\u00"# + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            case 0xe2 where rest.starts(with: [0x80, 0xa8]):
                buffer.writeStaticString(#"\u2028"#)
                rest = rest.dropFirst(2)
            case 0xe2 where rest.starts(with: [0x80, 0xa9]):
                buffer.writeStaticString(#"\u2029"#)
                rest = rest.dropFirst(2)
            default: buffer.writeInteger(byte)
            }
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// The text between quotation marks.
    static func literal(_ text: String) -> String {
        var buffer = ByteBuffer()
        write(ByteBuffer(string: text).readableBytesView, into: &buffer)
        return String(buffer: buffer)
    }
}
