/// Finds where messages end in a stream (RFC 8489 §6.2.2): a message says its own length, nothing stands between two.
public struct StreamFraming: Sendable {
    /// The longest message that is let through, header included.
    public let maximumMessageLength: Int

    /// What the beginning of a message says about its end.
    public enum OnPrefix: Hashable, Sendable {
        /// More bytes are needed to tell.
        case needsMore
        /// The message takes so many bytes, header included; they need not all be there.
        case message(length: Int)
        /// This is no STUN, or a message over the limit: the stream cannot be followed any further.
        case violation(STUNError)
    }

    /// Makes a rule for messages of up to `maximumMessageLength` bytes.
    ///
    /// - Parameter maximumMessageLength: Default 2048: ample for a Binding request with every attribute that it may
    ///   carry, and little enough that many connections holding an unfinished one do no harm.
    public init(maximumMessageLength: Int = 2048) {
        self.maximumMessageLength = maximumMessageLength
    }

    /// Judges the bytes at the start of a message, as early as they allow.
    ///
    /// A stream that is not STUN is told from the first byte, or from the magic cookie, not when a length that it
    /// never meant has been reached.
    public func receive(prefix: Span<UInt8>) -> OnPrefix {
        guard prefix.count > 0 else { return .needsMore }
        guard prefix[0] & 0xC0 == 0 else { return .violation(.notSTUN) }
        guard prefix.count >= 4 else { return .needsMore }
        let length = Int(prefix.uint16(at: 2))
        guard length.isMultiple(of: 4) else { return .violation(.misalignedLength) }
        guard length + STUNMessage.headerLength <= maximumMessageLength else { return .violation(.messageTooLong) }
        guard prefix.count >= 8 else { return .needsMore }
        guard prefix.uint32(at: 4) == STUNMessage.magicCookie else { return .violation(.wrongMagicCookie) }
        return .message(length: length + STUNMessage.headerLength)
    }
}
