/// What makes bytes no well-formed STUN message, or a message impossible to write.
///
/// RFC 8489 §6.3 has a receiver drop such messages silently; the cases exist for counters, tests and for callers
/// that have to tell other protocols on the same socket from broken STUN.
public enum STUNError: Error, Hashable, Sendable {
    /// Fewer bytes than the 20 of a header.
    case truncatedHeader
    /// One of the two leading bits is set: another protocol (RFC 7983).
    case notSTUN
    /// The magic cookie is missing: RFC 3489, or another protocol.
    case wrongMagicCookie
    /// The header's length is no multiple of four.
    case misalignedLength
    /// The header's length is not that of the bytes that follow.
    case lengthMismatch
    /// An attribute reaches past the end of the message.
    case truncatedAttribute
    /// Something follows FINGERPRINT, which has to come last (RFC 8489 §14.7).
    case attributeAfterFingerprint
    /// The value of an attribute does not have the form that its type demands.
    case malformedAttribute(AttributeType)
    /// The message would not fit the 16 bits of its length.
    case messageTooLong
}
