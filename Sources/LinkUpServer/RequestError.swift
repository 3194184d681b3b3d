/// Why a request was refused; the acknowledgement carries it as `{ "error": { "code", … } }`.
///
/// For programs alone: the words for people are the client's.
struct RequestError: Error, Equatable {
    /// What a program does about it.
    var code: Code
    /// The argument that it is about.
    var argument: String?
    /// The limit that was met, where it is a number.
    var limit: Int?
    /// When to try again, in milliseconds from now.
    var retryAfter: Int?

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

    init(_ code: Code, argument: String? = nil, limit: Int? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.argument = argument
        self.limit = limit
        self.retryAfter = retryAfter
    }

    /// An argument is missing, of the wrong type or outside its limits.
    static func badRequest(_ argument: String, limit: Int? = nil) -> Self {
        Self(.badRequest, argument: argument, limit: limit)
    }

    /// The client speaks another version of the protocol than this one.
    static func version(_ version: Int) -> Self { Self(.version, argument: "version", limit: version) }

    /// The room, or the client's network in it, has as many people as it may have.
    static func roomFull(_ limit: Int) -> Self { Self(.roomFull, limit: limit) }

    /// The call, or the client's network in all calls, has as many people as it may have.
    static func callFull(_ limit: Int) -> Self { Self(.callFull, limit: limit) }

    /// Too often; says when it is not.
    static func tooManyRequests(_ wait: Duration) -> Self {
        let (seconds, attoseconds) = wait.components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Self(.tooManyRequests, retryAfter: Int(clamping: milliseconds))
    }

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
    static let peerBusy = Self(.peerBusy)
    /// The room takes nobody new.
    static let locked = Self(.locked)
    /// The member was turned away, or put out.
    static let denied = Self(.denied)
    /// As much is under way for this client, its network or all as may be, or more waits for it than it takes.
    static let busy = Self(.busy)
    /// The message is not on disk, and nobody was sent it; the client keeps it and says it again later.
    static let notStored = Self(.notStored)
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
