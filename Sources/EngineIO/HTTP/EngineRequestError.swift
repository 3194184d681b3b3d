/// Why a request was refused; the codes and texts are those of the protocol.
public enum EngineRequestError: Int, Sendable, CaseIterable {
    /// `transport` is missing, unknown or not allowed.
    case transportUnknown = 0
    /// `sid` names no session.
    case sessionUnknown = 1
    /// A handshake with a method other than GET.
    case badHandshakeMethod = 2
    /// The request contradicts its transport or its session.
    case badRequest = 3
    /// The application refused the request.
    case forbidden = 4
    /// `EIO` names a revision of the protocol that is not served.
    case unsupportedProtocolVersion = 5

    /// The text that goes with the code.
    public var message: String {
        switch self {
        case .transportUnknown: "Transport unknown"
        case .sessionUnknown: "Session ID unknown"
        case .badHandshakeMethod: "Bad handshake method"
        case .badRequest: "Bad request"
        case .forbidden: "Forbidden"
        case .unsupportedProtocolVersion: "Unsupported protocol version"
        }
    }

    /// The status of the HTTP response.
    public var status: Int {
        switch self {
        case .forbidden: 403
        case .transportUnknown, .sessionUnknown, .badHandshakeMethod, .badRequest, .unsupportedProtocolVersion: 400
        }
    }
}
