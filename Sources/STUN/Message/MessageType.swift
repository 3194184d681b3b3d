/// What a STUN message is within its transaction (RFC 8489 §5).
public enum MessageClass: UInt8, Hashable, Sendable, CaseIterable {
    /// Asks for a response.
    case request = 0b00
    /// Says something and asks for nothing.
    case indication = 0b01
    /// Answers a request that was carried out.
    case successResponse = 0b10
    /// Answers a request that was refused.
    case errorResponse = 0b11
}

/// The operation that a message is about; twelve bits (RFC 8489 §5, §18.2).
public struct Method: RawRepresentable, Hashable, Sendable {
    /// The largest number that the header can carry.
    public static let maximumRawValue: UInt16 = 0xFFF
    /// Asks which address the server sees (RFC 8489 §12).
    public static let binding = Method(registered: 0x001)

    /// The number on the wire.
    public let rawValue: UInt16

    /// Makes a method; `nil` if `rawValue` needs more than twelve bits.
    public init?(rawValue: UInt16) {
        guard rawValue <= Self.maximumRawValue else { return nil }
        self.rawValue = rawValue
    }

    /// Makes a method of a number that a registry holds.
    package init(registered rawValue: UInt16) {
        self.rawValue = rawValue
    }

    fileprivate init(truncating bits: UInt16) {
        rawValue = bits & Self.maximumRawValue
    }
}

/// The first two bytes of a message: class and method, interleaved (RFC 8489 §5, figure 3).
///
/// ```
///  0 0 M M M M M C M M M C M M M M
///      11…7      1 6…4   0 3…0
/// ```
public struct MessageType: Hashable, Sendable {
    /// The operation.
    public let method: Method
    /// The part that this message has in the transaction.
    public let messageClass: MessageClass

    /// Makes the type of a message of `messageClass` about `method`.
    public init(_ messageClass: MessageClass, _ method: Method) {
        self.messageClass = messageClass
        self.method = method
    }

    /// Takes a type from the wire; `nil` if one of the two leading bits is set, which no STUN message has.
    public init?(wireValue bits: UInt16) {
        guard bits & 0xC000 == 0 else { return nil }
        method = Method(truncating: (bits & 0x000F) | ((bits & 0x00E0) >> 1) | ((bits & 0x3E00) >> 2))
        switch (bits & 0x0100 != 0, bits & 0x0010 != 0) {
        case (false, false): messageClass = .request
        case (false, true): messageClass = .indication
        case (true, false): messageClass = .successResponse
        case (true, true): messageClass = .errorResponse
        }
    }

    /// The two bytes as they stand in the header.
    public var wireValue: UInt16 {
        let method = method.rawValue
        let messageClass = UInt16(messageClass.rawValue)
        return (method & 0x000F) | ((method & 0x0070) << 1) | ((method & 0x0F80) << 2)
            | ((messageClass & 0b01) << 4) | ((messageClass & 0b10) << 7)
    }
}
