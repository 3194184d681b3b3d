/// Why a request was refused; the acknowledgement carries it as `{ "error": { "code", … } }`.
///
/// For programs alone: the words for people are the client's.
struct RequestError: Error, Equatable {
    /// What a program does about it.
    var code: Code
    /// The argument that it is about.
    var argument: String?
    /// The limit that was met, where clients are told its number.
    var limit: Int?
    /// When to try again, in milliseconds from now.
    var retryAfter: Int?
    /// The limit that was met, for metrics alone; `nil` where it was none.
    var cause: RefusalCause?

    /// The codes of `docs/protocol.md`.
    enum Code: String, Encodable, CaseIterable {
        case badRequest = "bad-request"
        case version
        case notJoined = "not-joined"
        case notAllowed = "not-allowed"
        case unknownMember = "unknown-member"
        case unknownMessage = "unknown-message"
        case peerAway = "peer-away"
        case peerBusy = "peer-busy"
        case roomFull = "room-full"
        case callFull = "call-full"
        case locked
        case denied
        case busy
        case tooManyRequests = "too-many-requests"
        case notStored = "not-stored"
        case `internal` = "internal"
    }

    private init(_ code: Code, argument: String? = nil, limit: Int? = nil) {
        self.code = code
        self.argument = argument
        self.limit = limit
    }

    /// An argument is missing, of the wrong type or outside its limits.
    static func badRequest(_ argument: String, limit: Int? = nil) -> Self {
        Self(.badRequest, argument: argument, limit: limit)
    }

    /// The client speaks another version of the protocol than this one.
    static func version(_ version: Int) -> Self { Self(.version, argument: "version", limit: version) }

    /// A limit was met.
    /// - Parameters:
    ///   - cause: Which one; it has the code.
    ///   - limit: Its number, for limits that clients tell people of.
    ///   - retryAfter: When to try again, in milliseconds from now.
    /// - Returns: The error.
    static func refused(_ cause: RefusalCause, limit: Int? = nil, retryAfter: Int? = nil) -> Self {
        var error = Self(cause.code, limit: limit)
        error.retryAfter = retryAfter
        error.cause = cause
        return error
    }

    /// Too often; says when it is not.
    static func tooManyRequests(_ wait: Duration, _ cause: RefusalCause) -> Self {
        let (seconds, attoseconds) = wait.components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return refused(cause, retryAfter: Int(clamping: milliseconds))
    }

    /// As much is under way for this client, its network or all as may be, or more waits for it than it takes.
    static func busy(_ cause: RefusalCause) -> Self { refused(cause) }

    /// The message is not on disk, and nobody was sent it; the client keeps it and says it again later.
    static func notStored(_ failure: StorageFailure) -> Self { refused(RefusalCause(failure)) }

    /// The request needs a room, or the call.
    static let notJoined = Self(.notJoined)
    /// The member's role may not do this.
    static let notAllowed = Self(.notAllowed)
    /// The id names nobody in the room, or nobody in its call.
    static let unknownMember = Self(.unknownMember)
    /// There is no such message in the room.
    static let unknownMessage = Self(.unknownMessage)
    /// The receiver has no connection, and got nothing.
    static let peerAway = Self(.peerAway)
    /// The receiver takes what it is sent too slowly, and the sender is not to fill the server with it.
    static let peerBusy = refused(.receiverBytes)
    /// The room takes nobody new.
    static let locked = Self(.locked)
    /// The member was turned away, or put out.
    static let denied = Self(.denied)
    /// The server failed; what happened stands in the log only.
    static let `internal` = Self(.internal)
}

extension RequestError: Encodable {
    private enum CodingKeys: String, CodingKey {
        case error
    }

    private enum ErrorKeys: String, CodingKey {
        case code
        case argument
        case limit
        case retryAfter
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var error = container.nestedContainer(keyedBy: ErrorKeys.self, forKey: .error)
        try error.encode(code, forKey: .code)
        try error.encodeIfPresent(argument, forKey: .argument)
        try error.encodeIfPresent(limit, forKey: .limit)
        try error.encodeIfPresent(retryAfter, forKey: .retryAfter)
    }
}
