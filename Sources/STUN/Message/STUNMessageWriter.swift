public import NIOCore

/// Writes one STUN message in place, keeping its length field right after each step.
///
/// Attributes appear in the order of the calls. MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT come last
/// and in this order (RFC 8489 §14.5 to §14.7); a call out of order is a bug of the caller and traps.
public struct STUNMessageWriter: ~Copyable {
    /// The transaction that the message belongs to.
    public let transactionID: TransactionID

    var buffer: ByteBuffer
    private let start: Int
    private var scope = AttributeScope.open

    /// Begins a message at the end of `buffer`.
    ///
    /// - Parameters:
    ///   - type: Class and method.
    ///   - transactionID: The id of a new transaction, or that of the request.
    ///   - buffer: Where to write. Hand in a buffer that nobody else holds, and it is reused without allocation.
    public init(_ type: MessageType, transactionID: TransactionID, into buffer: consuming ByteBuffer = ByteBuffer()) {
        self.transactionID = transactionID
        start = buffer.writerIndex
        buffer.writeMultipleIntegers(
            type.wireValue,
            UInt16(0),
            STUNMessage.magicCookie,
            transactionID.high,
            transactionID.low
        )
        self.buffer = buffer
    }

    /// Appends `attribute`.
    ///
    /// - Throws: ``STUNError/messageTooLong`` if 16 bits cannot express the length any more; the message is then as
    ///   it was before the call.
    public mutating func append<Attribute: STUNAttribute>(_ attribute: Attribute) throws(STUNError) {
        let transactionID = transactionID
        try append(Attribute.type) { buffer in
            attribute.encode(into: &buffer, in: transactionID)
        }
    }

    /// Ends the message.
    ///
    /// - Returns: The buffer handed in, with the message at its end.
    public consuming func finish() -> ByteBuffer {
        buffer
    }

    /// The bytes of the message so far.
    var message: Span<UInt8> {
        @_lifetime(borrow self)
        get { buffer.readableBytesUInt8Span.extracting(droppingFirst: start - buffer.readerIndex) }
    }

    /// Appends an attribute whose value `encode` writes.
    ///
    /// - Parameters:
    ///   - type: What the attribute is.
    ///   - encode: Appends the value to the buffer.
    /// - Throws: As ``append(_:)``.
    mutating func append(_ type: AttributeType, encode: (inout ByteBuffer) -> Void) throws(STUNError) {
        let rollback = buffer.writerIndex
        buffer.writeMultipleIntegers(type.rawValue, UInt16(0))
        encode(&buffer)
        let valueLength = buffer.writerIndex - rollback - 4
        buffer.writeRepeatingByte(0, count: -valueLength & 3)
        let messageLength = buffer.writerIndex - start - STUNMessage.headerLength
        // If the padded message fits its 16 bits, so does each value within.
        guard let length = UInt16(exactly: messageLength) else {
            buffer.moveWriterIndex(to: rollback)
            throw .messageTooLong
        }
        guard scope.admit(type) else { preconditionFailure("\(type) after an attribute that ends the message") }
        buffer.setInteger(UInt16(truncatingIfNeeded: valueLength), at: rollback + 2)
        buffer.setInteger(length, at: start + 2)
    }
}
