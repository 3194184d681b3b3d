import Crypto
import FoundationEssentials

/// The code over a message up to an integrity attribute, as RFC 8489 §14.5 and §14.6 define it.
///
/// The header's length is taken as if the message ended with the integrity attribute, so that what is appended later
/// does not change the code.
///
/// - Parameters:
///   - message: The message; at least `end` bytes.
///   - end: Where the integrity attribute begins.
///   - attributeLength: The length of the integrity attribute's value.
///   - key: The key.
///   - hash: The hash function of the attribute.
/// - Returns: The full code; a truncated attribute carries its first bytes.
func authenticationCode<Hash: HashFunction>(
    of message: Span<UInt8>,
    upTo end: Int,
    attributeLength: Int,
    key: IntegrityKey,
    using hash: Hash.Type
) -> HMAC<Hash>.MAC {
    let length = UInt16(truncatingIfNeeded: end + 4 + attributeLength - STUNMessage.headerLength)
    let prefix = [message[0], message[1], UInt8(length >> 8), UInt8(truncatingIfNeeded: length)]
    var code = HMAC<Hash>(key: SymmetricKey(data: key.bytes))
    code.update(data: prefix)
    message.extracting(4..<end).withUnsafeBytes { code.update(data: $0) }
    return code.finalize()
}

/// Whether `code` begins with `truncated`, in constant time.
func matches(_ code: HMAC<some HashFunction>.MAC, _ truncated: Span<UInt8>) -> Bool {
    let bytes = Array(code)
    guard truncated.count <= bytes.count else { return false }
    return constantTimeEquals(bytes.span.extracting(first: truncated.count), truncated)
}
