/// Why a message is no packet in MessagePack; each closes the connection.
enum MessagePackError: Error, Equatable, Sendable {
    /// The message is text.
    case notBinary
    /// The message ends in the middle of a value.
    case truncated
    /// Something follows the packet.
    case trailingBytes
    /// A byte that begins no value (0xc1).
    case unknownType
    /// A text is not UTF-8.
    case invalidText
    /// The key of a map is neither text nor an integer.
    case invalidKey
    /// Arrays and maps are nested deeper than ``ParserLimits/maxDepth``.
    case nestedTooDeeply
    /// There are more binary values than ``ParserLimits/maxAttachments``.
    case tooManyAttachments
    /// The map is no packet; the member that is wrong is named.
    case invalidPacket(String)
}
