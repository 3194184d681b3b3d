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
    /// `react`.
    case react
    /// `signal`.
    case signal
    /// `join` of a call.
    case credentials
    /// Bytes of what is said.
    case sayBytes
    /// Bytes of signals.
    case signalBytes

    /// How often one connection may, and all of a network together.
    var rate: ClientRate {
        switch self {
        case .enter: Limits.enter
        case .control: Limits.control
        case .leave: Limits.leave
        case .say: Limits.say
        case .typing: Limits.typing
        case .react: Limits.react
        case .signal: Limits.signal
        case .credentials: Limits.credentials
        case .sayBytes: Limits.sayBytes
        case .signalBytes: Limits.signalBytes
        }
    }

    /// The bytes that the argument of such a request may have: checked before it is decoded.
    ///
    /// A character can have 12 bytes of JSON: an emoji as two escapes.
    var argumentBytes: Int {
        switch self {
        case .enter, .control, .leave, .typing, .react, .credentials: 4096
        case .say, .sayBytes: 12 * (Limits.messageText + Limits.messageKey) + 1024
        // Line ends are escaped, and each has a line.
        case .signal, .signalBytes: Limits.signalPayload + 4096
        }
    }
}
