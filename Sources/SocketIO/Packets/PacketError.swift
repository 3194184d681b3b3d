/// Why a packet from the client can't be accepted; each closes the connection.
enum PacketError: Error, Equatable, Sendable {
    /// The first byte names no packet type.
    case unknownType
    /// The number of attachments is missing, malformed or followed by something else than `-`.
    case malformedAttachmentCount
    /// More attachments are announced than the configuration allows.
    case tooManyAttachments
    /// There are more arguments than ``SocketIOServer/Configuration/maxArguments``.
    case tooManyArguments
    /// A parser found a namespace that does not begin with a slash, or has a comma in it.
    case malformedNamespace
    /// The acknowledgement id is not an integer below 2^53.
    case malformedIdentifier
    /// The payload is not valid JSON.
    case malformedJSON
    /// The payload nests deeper than ``SocketIOServer/Configuration/maxNestingDepth``.
    case nestedTooDeeply
    /// The payload is valid JSON of a form that the packet type does not allow.
    case unexpectedPayload
    /// The event name is one of those reserved for the library.
    case reservedEvent
    /// A text message arrived while attachments were expected.
    case textInsteadOfAttachment
    /// A binary message arrived while none was expected.
    case unexpectedAttachment
    /// A placeholder names no attachment, or one that another placeholder names already.
    case illegalPlaceholder
}
