import STUN

/// Finds where messages end in a stream: STUN messages and ChannelData follow each other with nothing in between
/// (RFC 8489 §6.2.2, RFC 8656 §12.5).
///
/// The first two bits tell one from the other, and both say their own length. All arithmetic is in `Int`: the length
/// of ChannelData, its header and its padding together do not fit the 16 bits that the length has on the wire.
public struct TURNStreamFraming: Sendable {
    /// The longest message that the format can express: a STUN message with 65,532 bytes of attributes.
    ///
    /// Clients that have proven who they are may use it: a Send indication carries up to 65,507 bytes for a peer.
    public static let longestMessage = STUNMessage.headerLength + 65_532

    /// The longest message of a client that has proven nothing.
    ///
    /// 2048 bytes: ample for a request with every attribute that it may carry, and little enough that many connections
    /// which each hold an unfinished message do no harm.
    public static let longestUnauthenticatedMessage = 2048

    /// The length of ChannelData without data (RFC 8656 §12.4).
    private static let channelHeaderLength = 4

    /// The longest message that is let through, header and padding included.
    public var maximumLength: Int

    /// What the beginning of a message says about its end.
    public enum OnPrefix: Hashable, Sendable {
        /// More bytes are needed to tell.
        case needsMore
        /// The message takes so many bytes, header and padding included; they need not all be there.
        case message(length: Int)
        /// The stream cannot be followed any further and has to be closed.
        case violation(Violation)
    }

    /// What makes a stream impossible to follow.
    public enum Violation: UInt8, Error, Hashable, Sendable, CaseIterable {
        /// The first byte begins neither a STUN message nor ChannelData.
        case notTURN
        /// The length of a STUN message is no multiple of four.
        case misalignedLength
        /// A STUN header without the magic cookie.
        case wrongMagicCookie
        /// The message is longer than ``TURNStreamFraming/maximumLength``.
        case messageTooLong
    }

    /// Makes a rule.
    /// - Parameter maximumLength: The longest message that is let through; unless given, all that can be expressed.
    public init(maximumLength: Int = Self.longestMessage) {
        self.maximumLength = maximumLength
    }

    /// Judges the bytes at the start of a message, as early as they allow.
    ///
    /// A stream of something else is told from the first byte, or from the magic cookie, not when a length that it
    /// never meant has been reached. Four bytes are enough for ChannelData, which need not be longer.
    public func receive(prefix: Span<UInt8>) -> OnPrefix {
        guard prefix.count > 0 else { return .needsMore }
        switch prefix[0] {
        case 0x00...0x3F: return receiveMessage(prefix)
        case 0x40...0x7F: return receiveChannelData(prefix)
        default: return .violation(.notTURN)
        }
    }

    private func receiveMessage(_ prefix: Span<UInt8>) -> OnPrefix {
        guard prefix.count >= 4 else { return .needsMore }
        let length = Int(prefix.uint16(at: 2))
        guard length.isMultiple(of: 4) else { return .violation(.misalignedLength) }
        guard length + STUNMessage.headerLength <= maximumLength else { return .violation(.messageTooLong) }
        guard prefix.count >= 8 else { return .needsMore }
        guard prefix.uint32(at: 4) == STUNMessage.magicCookie else { return .violation(.wrongMagicCookie) }
        return .message(length: length + STUNMessage.headerLength)
    }

    private func receiveChannelData(_ prefix: Span<UInt8>) -> OnPrefix {
        guard prefix.count >= Self.channelHeaderLength else { return .needsMore }
        let padded = (Int(prefix.uint16(at: 2)) + Self.channelHeaderLength + 3) / 4 * 4
        guard padded <= maximumLength else { return .violation(.messageTooLong) }
        return .message(length: padded)
    }
}

extension TURNStreamFraming {
    /// The whole messages at the beginning of a stream.
    public struct Found: Hashable, Sendable {
        /// How many bytes they are together.
        public var length = 0
        /// How many messages they are.
        public var count = 0
        /// What is wrong with what follows them, if it can be told.
        public var violation: Violation?
        /// Whether the last is a ConnectionBind request; what follows may belong to a peer, and was not looked at.
        public var endsWithConnectionBind = false

        /// Makes a finding.
        public init(
            length: Int = 0,
            count: Int = 0,
            violation: Violation? = nil,
            endsWithConnectionBind: Bool = false
        ) {
            self.length = length
            self.count = count
            self.violation = violation
            self.endsWithConnectionBind = endsWithConnectionBind
        }
    }

    /// Finds the whole messages up to a ConnectionBind request, after whose success the stream carries anything
    /// (RFC 6062 §4.4).
    /// - Parameter stream: What has arrived, from the beginning of a message.
    /// - Returns: What was found; nothing if the first message is not complete.
    public func receive(stream: Span<UInt8>) -> Found {
        var found = Found()
        while true {
            let rest = stream.extracting(droppingFirst: found.length)
            switch receive(prefix: rest) {
            case .needsMore: return found
            case .violation(let violation):
                found.violation = violation
                return found
            case .message(let length):
                guard length <= rest.count else { return found }
                found.length += length
                found.count += 1
                guard !Self.isConnectionBindRequest(rest) else {
                    found.endsWithConnectionBind = true
                    return found
                }
            }
        }
    }

    private static func isConnectionBindRequest(_ message: Span<UInt8>) -> Bool {
        message.uint16(at: 0) == MessageType(.request, .connectionBind).wireValue
    }
}
