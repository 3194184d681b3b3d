import NIOCore

/// What is XOR-ed with the checksum, so that it differs from a CRC-32 of the protocol inside (RFC 8489 §14.7).
private let fingerprintMask: UInt32 = 0x5354_554E

extension STUNMessage {
    /// Compares FINGERPRINT with the message's checksum (RFC 8489 §14.7).
    public func checkFingerprint() -> IntegrityCheck {
        guard let attribute = first(.fingerprint) else { return .absent }
        guard attribute.value.count == 4 else { return .invalid }
        let checksum = CRC32.checksum(bytes.extracting(first: attribute.offset))
        return attribute.value.uint32(at: 0) == checksum ^ fingerprintMask ? .valid : .invalid
    }
}

extension STUNMessageWriter {
    /// Appends FINGERPRINT, the checksum of all that was written before (RFC 8489 §14.7).
    ///
    /// - Throws: ``STUNError/messageTooLong``.
    public mutating func appendFingerprint() throws(STUNError) {
        let checksumPosition = buffer.writerIndex + 4
        // The checksum covers the length field, which already counts this attribute.
        try append(.fingerprint) { $0.writeInteger(UInt32(0)) }
        let checksum = CRC32.checksum(message.extracting(droppingLast: 8))
        buffer.setInteger(checksum ^ fingerprintMask, at: checksumPosition)
    }
}
