public import NIOCore

/// A message encoded once for any number of receivers.
///
/// The bytes stand in one buffer as a complete WebSocket frame (RFC 6455, section 5.2, unmasked, final). The packet
/// for long-polling is the frame without its header, so a broadcast costs one encoding however its receivers are
/// connected.
public struct EncodedMessage: Sendable, Equatable {
    /// The longest header of an unmasked frame: two bytes and a 64-bit length.
    private static let longestHeader = 10

    /// Whether the message is binary.
    public let isBinary: Bool

    /// Whether a transport that compresses may compress the message; `true` unless cleared.
    public var isCompressible = true

    /// The WebSocket frame of protocol 4: header, then ``packet``.
    public let frame: ByteBuffer

    private let headerLength: Int

    /// The packet without frame header: `4` and the text, or the bare bytes of a binary message.
    public var packet: ByteBuffer {
        var packet = frame
        packet.moveReaderIndex(forwardBy: headerLength)
        return packet
    }

    /// The message without the packet type: text or bytes as the receiver's application will see them.
    public var payload: ByteBuffer {
        var payload = packet
        if !isBinary { payload.moveReaderIndex(forwardBy: 1) }
        return payload
    }

    /// The message for protocol 3, in which the type stands before the bytes of a binary message.
    package var inV3: Self {
        guard isBinary else { return self }
        var bytes = ByteBuffer(integer: UInt8(4))
        bytes.writeImmutableBuffer(packet)
        return Self.binary(bytes)
    }

    /// Encodes a text message.
    /// - Parameters:
    ///   - minimumCapacity: About how many bytes `write` will write; a good guess saves a reallocation.
    ///   - write: Appends the text, as UTF-8, to the buffer and must leave the rest of the buffer alone.
    /// - Returns: The message, ready for any transport.
    /// - Throws: What `write` throws.
    public static func text(minimumCapacity: Int = 64, _ write: (inout ByteBuffer) throws -> Void) rethrows -> Self {
        try Self(isBinary: false, minimumCapacity: minimumCapacity + 1) { buffer in
            buffer.writeInteger(UInt8(ascii: "4"))
            try write(&buffer)
        }
    }

    /// Encodes a text message.
    public static func text(_ text: String) -> Self {
        Self.text(minimumCapacity: text.utf8.count) { $0.writeString(text) }
    }

    /// Encodes a binary message.
    public static func binary(_ bytes: ByteBuffer) -> Self {
        Self(isBinary: true, minimumCapacity: bytes.readableBytes) { $0.writeImmutableBuffer(bytes) }
    }

    /// Encodes a text message whose length is known, in one step and without a spare byte.
    /// - Parameters:
    ///   - length: How many bytes `write` writes.
    ///   - write: Fills the memory, which is as large as `length` says, with UTF-8.
    /// - Returns: The message, ready for any transport.
    package static func text(length: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) -> Self {
        let headerLength = headerLength(length + 1)
        let total = headerLength + 1 + length
        var buffer = ByteBufferAllocator().buffer(capacity: total)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: total) { target in
            writeHeader(isBinary: false, length: length + 1, to: target)
            target[headerLength] = UInt8(ascii: "4")
            write(UnsafeMutableRawBufferPointer(rebasing: target[(headerLength + 1)..<total]))
            return total
        }
        return Self(isBinary: false, frame: buffer, headerLength: headerLength)
    }

    /// The WebSocket frame of a message that permessage-deflate has compressed (RFC 7692, section 6.1).
    package static func compressedFrame(isBinary: Bool, _ data: ByteBuffer) -> ByteBuffer {
        let headerLength = headerLength(data.readableBytes)
        var frame = ByteBufferAllocator().buffer(capacity: headerLength + data.readableBytes)
        frame.writeWithUnsafeMutableBytes(minimumWritableBytes: headerLength) { target in
            writeHeader(isBinary: isBinary, length: data.readableBytes, to: target)
            target[0] |= 0x40
            return headerLength
        }
        frame.writeImmutableBuffer(data)
        return frame
    }

    private init(isBinary: Bool, frame: ByteBuffer, headerLength: Int) {
        self.isBinary = isBinary
        self.frame = frame
        self.headerLength = headerLength
    }

    init(isBinary: Bool, minimumCapacity: Int, write: (inout ByteBuffer) throws -> Void) rethrows {
        var buffer = ByteBufferAllocator().buffer(capacity: Self.longestHeader + minimumCapacity)
        buffer.moveWriterIndex(to: Self.longestHeader)
        buffer.moveReaderIndex(to: Self.longestHeader)
        try write(&buffer)
        let length = buffer.readableBytes
        let headerLength = Self.headerLength(length)
        buffer.moveReaderIndex(to: Self.longestHeader - headerLength)
        buffer.withUnsafeMutableReadableBytes { Self.writeHeader(isBinary: isBinary, length: length, to: $0) }
        self.init(isBinary: isBinary, frame: buffer, headerLength: headerLength)
    }

    private static func headerLength(_ length: Int) -> Int {
        switch length {
        case ..<126: 2
        case ...Int(UInt16.max): 4
        default: longestHeader
        }
    }

    private static func writeHeader(isBinary: Bool, length: Int, to target: UnsafeMutableRawBufferPointer) {
        target[0] = isBinary ? 0x82 : 0x81
        switch length {
        case ..<126:
            target[1] = UInt8(length)
        case ...Int(UInt16.max):
            target[1] = 126
            target.storeBytes(of: UInt16(length).bigEndian, toByteOffset: 2, as: UInt16.self)
        default:
            target[1] = 127
            target.storeBytes(of: UInt64(length).bigEndian, toByteOffset: 2, as: UInt64.self)
        }
    }
}
