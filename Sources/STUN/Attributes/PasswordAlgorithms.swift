public import NIOCore

/// PASSWORD-ALGORITHMS: what the server offers, in its order of preference (RFC 8489 §14.11).
public struct PasswordAlgorithms: STUNAttribute {
    /// The number of the attribute.
    public static let type = AttributeType.passwordAlgorithms

    /// The algorithms.
    public let algorithms: [PasswordAlgorithm]

    private static let maximumCount = 16

    /// Makes the attribute.
    ///
    /// - Parameter algorithms: At most 16; two are registered.
    /// - Throws: ``STUNError/malformedAttribute(_:)`` if there are more.
    public init(_ algorithms: [PasswordAlgorithm]) throws(STUNError) {
        guard algorithms.count <= Self.maximumCount else { throw .malformedAttribute(Self.type) }
        self.algorithms = algorithms
    }

    /// Takes the attribute from a message.
    public init(decoding value: Span<UInt8>, in transaction: TransactionID) throws(STUNError) {
        var algorithms: [PasswordAlgorithm] = []
        var offset = 0
        while offset < value.count {
            guard algorithms.count < Self.maximumCount,
                let algorithm = try? PasswordAlgorithm.read(from: value, at: &offset)
            else { throw .malformedAttribute(Self.type) }
            algorithms.append(algorithm)
        }
        self.algorithms = algorithms
    }

    /// Writes the attribute into a message.
    public func encode(into buffer: inout ByteBuffer, in transaction: TransactionID) {
        for algorithm in algorithms {
            algorithm.encode(into: &buffer, in: transaction)
        }
    }
}
