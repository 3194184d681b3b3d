public import NIOCore

/// ERROR-CODE: why a request was refused (RFC 8489 §14.8).
public struct ErrorCode: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.errorCode

    /// The code, 300 to 699.
    public let code: Int
    /// Text for people who diagnose; empty in what LinkUp sends, so that refusals stay small.
    public let reason: String

    private static let codes = 300...699
    private static let limit = AttributeTextLimit.characters

    /// Makes the attribute.
    ///
    /// - Parameters:
    ///   - code: 300 to 699.
    ///   - reason: At most 127 characters.
    /// - Throws: ``STUNError/malformedAttribute(_:)`` for any other code or a longer reason.
    public init(_ code: Int, reason: String = "") throws(STUNError) {
        guard Self.codes.contains(code), Self.limit.admits(reason) else { throw .malformedAttribute(Self.type) }
        self.code = code
        self.reason = reason
    }

    /// Makes the attribute of a code that a registry holds, 300 to 699.
    package init(registered code: Int) {
        self.code = code
        reason = ""
    }

    /// Takes the attribute from a message; the 21 reserved bits are ignored, as §14.8 asks.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        guard value.count >= 4, value[3] < 100 else { throw .malformedAttribute(Self.type) }
        let text = try decodeText(value.extracting(droppingFirst: 4), limit: Self.limit, of: Self.type)
        try self.init(Int(value[2] & 0b111) * 100 + Int(value[3]), reason: text)
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeMultipleIntegers(UInt16(0), UInt8(code / 100), UInt8(code % 100))
        buffer.writeString(reason)
    }
}

extension ErrorCode {
    /// 300 Try Alternate: go to the server in ALTERNATE-SERVER.
    public static let tryAlternate = ErrorCode(registered: 300)
    /// 400 Bad Request: malformed; not to be retried unchanged.
    public static let badRequest = ErrorCode(registered: 400)
    /// 401 Unauthenticated: credentials are missing or wrong.
    public static let unauthenticated = ErrorCode(registered: 401)
    /// 420 Unknown Attribute: the request carries attributes that have to be understood and are not.
    public static let unknownAttribute = ErrorCode(registered: 420)
    /// 438 Stale Nonce: retry with the nonce of this response.
    public static let staleNonce = ErrorCode(registered: 438)
    /// 500 Server Error: temporary; may be retried.
    public static let serverError = ErrorCode(registered: 500)
}
