extension Span<UInt8> {
    /// The two bytes at `offset` as an integer in network order; the caller has checked that they exist.
    package func uint16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
    }

    /// The four bytes at `offset` as an integer in network order; the caller has checked that they exist.
    package func uint32(at offset: Int) -> UInt32 {
        UInt32(uint16(at: offset)) << 16 | UInt32(uint16(at: offset + 2))
    }

    /// The eight bytes at `offset` as an integer in network order; the caller has checked that they exist.
    package func uint64(at offset: Int) -> UInt64 {
        UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset + 4))
    }
}
