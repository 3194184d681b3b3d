/// A STUN message, seen in the bytes of the datagram or frame that carries it (RFC 8489 §5).
///
/// Nothing is copied: the value is a view that cannot outlive the bytes. It exists only for bytes whose form is
/// right, so reading it needs no further checks; what a message must contain, and who may send it, is for the caller
/// to say.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |0 0|     message type          |   length without header       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                    magic cookie 0x2112A442                    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                    transaction id (96 bits)                   |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
public struct STUNMessage: ~Escapable {
    /// The length of the header in bytes.
    public static let headerLength = 20
    /// What stands in bytes 4 to 7 of each message.
    public static let magicCookie: UInt32 = 0x2112_A442

    /// Class and method.
    public let type: MessageType
    /// What ties request and response together.
    public let transactionID: TransactionID
    /// The whole message, header included.
    public let bytes: Span<UInt8>

    /// Checks that `bytes` are exactly one message of the right form.
    ///
    /// Checked are the header, the bounds of each attribute and that FINGERPRINT, if present, is last; not checked
    /// are the values of attributes, padding (any value is legal, RFC 8489 §14) and codes.
    ///
    /// - Parameter bytes: A datagram, or a message that was cut from a stream.
    /// - Throws: The first thing that is wrong.
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) throws(STUNError) {
        guard bytes.count >= Self.headerLength else { throw .truncatedHeader }
        guard let type = MessageType(wireValue: bytes.uint16(at: 0)) else { throw .notSTUN }
        guard bytes.uint32(at: 4) == Self.magicCookie else { throw .wrongMagicCookie }
        let length = Int(bytes.uint16(at: 2))
        guard length.isMultiple(of: 4) else { throw .misalignedLength }
        guard length == bytes.count - Self.headerLength else { throw .lengthMismatch }
        self.type = type
        self.transactionID = TransactionID(high: bytes.uint64(at: 8), low: bytes.uint32(at: 16))
        self.bytes = bytes
        try Self.checkAttributes(of: bytes)
    }

    private static func checkAttributes(of bytes: Span<UInt8>) throws(STUNError) {
        var offset = headerLength
        var hasFingerprint = false
        while offset < bytes.count {
            guard !hasFingerprint else { throw .attributeAfterFingerprint }
            // The length is a multiple of four and so is each step: the attribute's own header is there.
            hasFingerprint = bytes.uint16(at: offset) == AttributeType.fingerprint.rawValue
            let paddedLength = (Int(bytes.uint16(at: offset + 2)) + 3) & ~3
            offset += 4
            guard paddedLength <= bytes.count - offset else { throw .truncatedAttribute }
            offset += paddedLength
        }
    }

    /// The attributes that count, in their order; duplicates included.
    public var attributes: Attributes {
        @_lifetime(copy self)
        get { Attributes(bytes: bytes) }
    }

    /// The first attribute of `type`, which is the one that counts (RFC 8489 §14), as it stands in the message.
    @_lifetime(copy self)
    public func first(_ type: AttributeType) -> RawAttribute? {
        var attributes = attributes
        while let attribute = attributes.next() {
            if attribute.type == type {
                return attribute
            }
        }
        return nil
    }

    /// The first attribute of the type that `Attribute` stands for, decoded; `nil` if there is none.
    ///
    /// - Throws: ``STUNError/malformedAttribute(_:)`` if its value does not have the form that the type demands.
    public func first<Attribute: STUNAttribute>(
        _ attribute: Attribute.Type = Attribute.self
    ) throws(STUNError) -> Attribute? {
        guard let raw = first(Attribute.type) else { return nil }
        return try Attribute(decoding: raw.value, in: transactionID)
    }
}

extension STUNMessage {
    /// An attribute as it stands in a message.
    public struct RawAttribute: ~Escapable {
        /// What the attribute is.
        public let type: AttributeType
        /// Its value without padding.
        public let value: Span<UInt8>
        /// Where its header begins, counted from the first byte of the message.
        package let offset: Int

        @_lifetime(copy value)
        fileprivate init(type: AttributeType, value: Span<UInt8>, offset: Int) {
            self.type = type
            self.value = value
            self.offset = offset
        }
    }

    /// A walk over the attributes of a message that count.
    public struct Attributes: ~Escapable {
        private let bytes: Span<UInt8>
        private var offset = STUNMessage.headerLength
        private var scope = AttributeScope.open

        @_lifetime(copy bytes)
        fileprivate init(bytes: Span<UInt8>) {
            self.bytes = bytes
        }

        /// The next attribute, or `nil` after the last.
        @_lifetime(copy self)
        public mutating func next() -> RawAttribute? {
            while offset < bytes.count {
                let start = offset
                let type = AttributeType(rawValue: bytes.uint16(at: start))
                let length = Int(bytes.uint16(at: start + 2))
                offset += 4 + ((length + 3) & ~3)
                if scope.admit(type) {
                    let value = bytes.extracting((start + 4)..<(start + 4 + length))
                    return RawAttribute(type: type, value: value, offset: start)
                }
            }
            return nil
        }
    }
}
