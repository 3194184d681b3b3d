import Crypto
import NIOCore

extension STUNMessage {
    /// Compares MESSAGE-INTEGRITY, HMAC-SHA1, with the code under `key` (RFC 8489 §14.5), in constant time.
    public func checkMessageIntegrity(key: IntegrityKey) -> IntegrityCheck {
        guard let attribute = first(.messageIntegrity) else { return .absent }
        guard attribute.value.count == Insecure.SHA1.byteCount else { return .invalid }
        let code = authenticationCode(
            of: bytes,
            upTo: attribute.offset,
            attributeLength: attribute.value.count,
            key: key,
            using: Insecure.SHA1.self
        )
        return matches(code, attribute.value) ? .valid : .invalid
    }
}

extension STUNMessageWriter {
    /// Appends MESSAGE-INTEGRITY, HMAC-SHA1 of all that was written before under `key` (RFC 8489 §14.5).
    ///
    /// - Throws: ``STUNError/messageTooLong``.
    public mutating func appendMessageIntegrity(key: IntegrityKey) throws(STUNError) {
        let code = authenticationCode(
            of: message,
            upTo: message.count,
            attributeLength: Insecure.SHA1.byteCount,
            key: key,
            using: Insecure.SHA1.self
        )
        try append(.messageIntegrity) { $0.writeBytes(Array(code)) }
    }
}
