/// Base64 with the alphabet for URLs and without padding (RFC 4648 §5).
public enum Base64URL {
    /// Encodes bytes: four characters for three of them.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        return String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { text in
            var (bits, count, written) = (UInt32(0), 0, 0)
            for byte in bytes {
                bits = bits << 8 | UInt32(byte)
                count += 8
                while count >= 6 {
                    count -= 6
                    text[written] = character(UInt8(truncatingIfNeeded: bits >> count) & 63)
                    written += 1
                }
            }
            if count > 0 {
                text[written] = character(UInt8(truncatingIfNeeded: bits << (6 - count)) & 63)
                written += 1
            }
            return written
        }
    }

    /// Decodes what ``encode(_:)`` writes.
    ///
    /// Each value has one spelling only, so that who compares texts compares what they mean: padding, the standard
    /// alphabet, and bits at the end that belong to no byte are refused.
    /// - Returns: `nil` for anything else.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let text = text.utf8
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var (bits, count) = (UInt32(0), 0)
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            bits &= 0xFF >> (8 - count)
        }
        return bits == 0 ? bytes : nil
    }

    /// The character that stands for six bits.
    static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case ..<26: UInt8(ascii: "A") + value
        case ..<52: UInt8(ascii: "a") + value - 26
        case ..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
