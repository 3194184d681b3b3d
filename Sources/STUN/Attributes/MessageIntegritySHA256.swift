import Crypto
import NIOCore

extension STUNMessage {
    /// Compares MESSAGE-INTEGRITY-SHA256, HMAC-SHA256, with the code under `key` (RFC 8489 §14.6), in constant time.
    ///
    /// A code of 16 bytes or more, in steps of four, may be truncated; a caller that has agreed on a length with its
    /// peer looks at the attribute's own.
    public func checkMessageIntegritySHA256(key: IntegrityKey) -> IntegrityCheck {
        guard let attribute = first(.messageIntegritySHA256) else { return .absent }
        let length = attribute.value.count
        guard (16...SHA256.byteCount).contains(length), length.isMultiple(of: 4) else { return .invalid }
        let code = authenticationCode(
            of: bytes,
            upTo: attribute.offset,
            attributeLength: length,
            key: key,
            using: SHA256.self
        )
        return matches(code, attribute.value) ? .valid : .invalid
    }
}

extension STUNMessageWriter {
    /// Appends MESSAGE-INTEGRITY-SHA256, HMAC-SHA256 of all that was written before under `key` (RFC 8489 §14.6).
    ///
    /// The code is written in full, 32 bytes: truncation is for usages that define it, and none here does.
    ///
    /// - Throws: ``STUNError/messageTooLong``.
    public mutating func appendMessageIntegritySHA256(key: IntegrityKey) throws(STUNError) {
        let code = authenticationCode(
            of: message,
            upTo: message.count,
            attributeLength: SHA256.byteCount,
            key: key,
            using: SHA256.self
        )
        try append(.messageIntegritySHA256) { $0.writeBytes(Array(code)) }
    }
}
