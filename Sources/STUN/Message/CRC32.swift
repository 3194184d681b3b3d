/// The checksum of ITU-T V.42 that FINGERPRINT uses (RFC 8489 §14.7).
enum CRC32 {
    private static let table: InlineArray<256, UInt32> = InlineArray { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 0 ? value >> 1 : (value >> 1) ^ 0xEDB8_8320
        }
    }

    /// The checksum of `bytes`.
    static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var value = UInt32.max
        for index in bytes.indices {
            value = (value >> 8) ^ table[Int(UInt8(truncatingIfNeeded: value) ^ bytes[index])]
        }
        return ~value
    }
}
