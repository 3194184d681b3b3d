/// Ids of sockets.
enum SocketID {
    /// How many characters an id has.
    static let length = 20

    /// Makes an id of 120 random bits.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        var high = generator.next()
        var low = generator.next()
        return String(unsafeUninitializedCapacity: 20) { buffer in
            for index in 0..<10 {
                buffer[index] = character(UInt8(high & 63))
                buffer[index + 10] = character(UInt8(low & 63))
                high >>= 6
                low >>= 6
            }
            return 20
        }
    }

    private static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case ..<26: UInt8(ascii: "A") + value
        case ..<52: UInt8(ascii: "a") + value - 26
        case ..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }
}
