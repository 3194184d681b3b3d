public import NIOCore

/// PASSWORD-ALGORITHM: how the key is derived from the password (RFC 8489 §14.12).
public struct PasswordAlgorithm: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.passwordAlgorithm

    /// MD5: ``IntegrityKey/longTermMD5(username:realm:password:)`` (RFC 8489 §18.5.1.1).
    public static let md5 = PasswordAlgorithm(registered: 0x0001)
    /// SHA-256: ``IntegrityKey/longTermSHA256(username:realm:password:)`` (RFC 8489 §18.5.1.2).
    public static let sha256 = PasswordAlgorithm(registered: 0x0002)

    /// The registered number of the algorithm.
    public let number: UInt16
    /// What the algorithm needs to know; empty for both that are registered.
    public let parameters: [UInt8]

    private static let maximumParametersLength = 1024

    /// Makes the attribute.
    ///
    /// - Parameters:
    ///   - number: The registered number of the algorithm.
    ///   - parameters: At most 1024 bytes; no algorithm so far has any.
    /// - Throws: ``STUNError/malformedAttribute(_:)`` if they are longer.
    public init(number: UInt16, parameters: [UInt8] = []) throws(STUNError) {
        guard parameters.count <= Self.maximumParametersLength else { throw .malformedAttribute(Self.type) }
        self.number = number
        self.parameters = parameters
    }

    private init(registered number: UInt16) {
        self.number = number
        parameters = []
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        var offset = 0
        guard let algorithm = try Self.read(from: value, at: &offset), offset >= value.count else {
            throw .malformedAttribute(Self.type)
        }
        self = algorithm
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        buffer.writeMultipleIntegers(number, UInt16(truncatingIfNeeded: parameters.count))
        buffer.writeBytes(parameters)
        buffer.writeRepeatingByte(0, count: -parameters.count & 3)
    }

    /// Reads the algorithm at `offset` and moves past it and its padding; `nil` if it is cut off.
    static func read(from value: Span<UInt8>, at offset: inout Int) throws(STUNError) -> PasswordAlgorithm? {
        guard value.count - offset >= 4 else { return nil }
        let length = Int(value.uint16(at: offset + 2))
        let start = offset + 4
        guard length <= value.count - start else { return nil }
        let number = value.uint16(at: offset)
        offset = start + ((length + 3) & ~3)
        return try PasswordAlgorithm(number: number, parameters: (start..<start + length).map { value[$0] })
    }
}
