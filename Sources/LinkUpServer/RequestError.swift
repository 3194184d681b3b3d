/// Why a request was refused; the acknowledgement carries it as `{ "error": { "code", "message" } }`.
struct RequestError: Error, Equatable {
    /// What a program does about it.
    var code: Code
    /// What a person reads: one sentence that names the argument or the limit.
    var message: String
    /// The limit that was met; `nil` where it was none.
    ///
    /// Clients are told no more of it than ``message`` says.
    var cause: RefusalCause?

    /// The codes of `docs/signalling.md`.
    enum Code: String, Encodable {
        case badRequest = "bad-request"
        case notJoined = "not-joined"
        case unknownPeer = "unknown-peer"
        case peerAway = "peer-away"
        case peerBusy = "peer-busy"
        case roomFull = "room-full"
        case busy
        case tooManyRequests = "too-many-requests"
        case notStored = "not-stored"
        case `internal` = "internal"
    }

    /// An argument is missing, of the wrong type or outside its limits.
    static func badRequest(_ message: String) -> Self {
        Self(code: .badRequest, message: message)
    }

    /// The request needs a room.
    static let notJoined = Self(code: .notJoined, message: "Join a room first.")

    /// A limit was met.
    /// - Parameters:
    ///   - cause: Which one; it has the code.
    ///   - message: What a person reads.
    /// - Returns: The error.
    static func refused(_ cause: RefusalCause, _ message: String) -> Self {
        Self(code: cause.code, message: message, cause: cause)
    }

    /// The receiver takes what it is sent too slowly, and the sender is not to fill the server with it.
    static let peerBusy = refused(.receiverBytes, "The peer is slow to take what it is sent. Try again soon.")

    /// As much is under way for this client, its network or all as may be, or more waits for it than it takes.
    static func busy(_ cause: RefusalCause) -> Self {
        refused(cause, "Too much is under way at the moment. Try again soon.")
    }

    /// Too often; says when it is not, rounded up to tenths of a second.
    static func tooManyRequests(_ wait: Duration, _ cause: RefusalCause) -> Self {
        let (seconds, attoseconds) = wait.components
        let tenths = seconds * 10 + (attoseconds + 99_999_999_999_999_999) / 100_000_000_000_000_000
        return refused(cause, "Too many requests: try again in \(tenths / 10).\(tenths % 10) s.")
    }

    /// The message is not on disk, and nobody was sent it; the client keeps it and says it again later.
    static func notStored(_ failure: StorageFailure) -> Self {
        refused(RefusalCause(failure), "The message could not be stored. Try again later.")
    }

    /// The server failed; what happened stands in the log only.
    static let `internal` = Self(code: .internal, message: "The server could not do this. Try again later.")
}

extension RequestError: Encodable {
    private enum CodingKeys: String, CodingKey {
        case error
    }

    private enum ErrorKeys: String, CodingKey {
        case code
        case message
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var error = container.nestedContainer(keyedBy: ErrorKeys.self, forKey: .error)
        try error.encode(code, forKey: .code)
        try error.encode(message, forKey: .message)
    }
}
