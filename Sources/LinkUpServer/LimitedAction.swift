import EngineIO

/// What a client may do only so often.
enum LimitedAction: Int, CaseIterable, Sendable {
    /// Joins a namespace.
    case enter
    /// `join`, `history` and `status`.
    case control
    /// `leave`.
    case leave
    /// `say`.
    case say
    /// `typing`.
    case typing
    /// `signal`.
    case signal
    /// `join` of a call.
    case credentials
    /// Bytes of what is said.
    case sayBytes
    /// Bytes of signals.
    case signalBytes

    /// How often one connection may.
    var clientRate: Rate {
        switch self {
        case .enter: Limits.enter.client
        case .control: Limits.control.client
        case .leave: Limits.leave.client
        case .say: Limits.say.client
        case .typing: Limits.typing.client
        case .signal: Limits.signal.client
        case .credentials: Limits.credentials.client
        case .sayBytes: Limits.sayBytes
        case .signalBytes: Limits.signalBytes
        }
    }

    /// How often all connections of a network may; `nil` where only each by itself is limited.
    var networkRate: Rate? {
        switch self {
        case .enter: Limits.enter.network
        case .control: Limits.control.network
        case .leave: Limits.leave.network
        case .say: Limits.say.network
        case .typing: Limits.typing.network
        case .signal: Limits.signal.network
        case .credentials: Limits.credentials.network
        case .sayBytes, .signalBytes: nil
        }
    }

    /// The bytes that the argument of such a request may have: checked before it is decoded.
    ///
    /// A character can have 12 bytes of JSON: an emoji as two escapes.
    var argumentBytes: Int {
        switch self {
        case .enter, .control, .leave, .typing, .credentials: 4096
        case .say, .sayBytes: 12 * (Limits.messageText + Limits.messageKey) + 1024
        // Line ends are escaped, and each has a line.
        case .signal, .signalBytes: Limits.signalPayload + 4096
        }
    }
}
