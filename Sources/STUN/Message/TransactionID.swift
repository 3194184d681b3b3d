/// The 96-bit number that ties a response to its request (RFC 8489 §5).
///
/// Kept as two integers, so that it is compared, hashed and copied without touching memory elsewhere.
public struct TransactionID: Hashable, Sendable {
    /// The first eight bytes, in network order.
    public let high: UInt64
    /// The last four bytes, in network order.
    public let low: UInt32

    /// Makes an id of the given bits.
    public init(high: UInt64, low: UInt32) {
        self.high = high
        self.low = low
    }

    /// Draws an id from `generator`.
    public init(using generator: inout some RandomNumberGenerator) {
        high = generator.next()
        low = generator.next()
    }

    /// Draws an id from the system's cryptographic generator, as RFC 8489 §5 asks.
    public static func random() -> TransactionID {
        var generator = SystemRandomNumberGenerator()
        return TransactionID(using: &generator)
    }
}

extension TransactionID: CustomStringConvertible {
    /// The id as 24 hexadecimal digits.
    public var description: String {
        let high = String(high, radix: 16)
        let low = String(low, radix: 16)
        return String(repeating: "0", count: 16 - high.count) + high + String(repeating: "0", count: 8 - low.count)
            + low
    }
}
