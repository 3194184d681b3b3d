/// Ids that nobody guesses, of characters that need no escaping in a URL, a cookie or JSON.
public enum RandomID {
    /// How many characters an id has: those that load balancers and adapters of Socket.IO look for.
    public static let length = 20

    /// Makes an id of 120 random bits, from the system's cryptographic generator.
    public static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        var high = generator.next()
        var low = generator.next()
        return String(unsafeUninitializedCapacity: length) { buffer in
            for index in 0..<10 {
                buffer[index] = Base64URL.character(UInt8(high & 63))
                buffer[index + 10] = Base64URL.character(UInt8(low & 63))
                high >>= 6
                low >>= 6
            }
            return length
        }
    }
}
