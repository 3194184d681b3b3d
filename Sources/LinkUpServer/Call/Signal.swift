import SocketIO

/// What one participant sends another through the server: read as far as sizes and types go, and passed on.
struct Signal: Equatable, Sendable {
    /// The receiver.
    var to: ParticipantID
    /// The number of the sender's connection to the receiver.
    var epoch: Int64
    /// What is sent.
    var content: Content

    /// The three things that can be sent.
    enum Content: Equatable, Sendable {
        /// A session description, as of `RTCSessionDescription`.
        case description(SessionDescription)
        /// A candidate, as of `RTCIceCandidate.toJSON()`.
        case candidate(JSONValue)
        /// There are no more candidates.
        case endOfCandidates
    }

    /// A session description.
    struct SessionDescription: Encodable, Equatable, Sendable {
        /// `offer`, `answer`, `pranswer` or `rollback`.
        var type: String
        /// The description itself, unread.
        var sdp: String
    }

    /// Checks a request.
    /// - Throws: `bad-request` when a member is missing, of the wrong type or too large, or there is not exactly one
    ///   of `description`, `candidate` and `endOfCandidates`.
    init(_ arguments: RequestArguments) throws(RequestError) {
        let receiver = try arguments.string("to")
        guard receiver.utf8.count <= Limits.participantID else {
            throw .badRequest("`to` must be at most \(Limits.participantID) bytes.")
        }
        to = ParticipantID(receiver)
        epoch = try arguments.integer("epoch")
        switch (
            arguments.value("description"), arguments.value("candidate"), arguments.value("endOfCandidates")
        ) {
        case (let description?, nil, nil):
            content = .description(try SessionDescription(description))
        case (nil, let candidate?, nil):
            guard case .object = candidate, let size = candidate.textSize else {
                throw .badRequest("`candidate` must be an object without binary data.")
            }
            guard size <= Limits.candidate else {
                throw .badRequest("`candidate` must be at most \(Limits.candidate) bytes.")
            }
            content = .candidate(candidate)
        case (nil, nil, .bool(true)?):
            content = .endOfCandidates
        case (nil, nil, _?):
            throw .badRequest("`endOfCandidates` must be true.")
        default:
            throw .badRequest("There must be exactly one of `description`, `candidate` and `endOfCandidates`.")
        }
    }
}

extension Signal.SessionDescription {
    /// Checks a description.
    /// - Throws: `bad-request`.
    init(_ value: JSONValue) throws(RequestError) {
        guard case .object(let members) = value, case .string(let type)? = members["type"],
            // Only a rollback has nothing to describe.
            case .string(let sdp)? = members["sdp"] ?? (type == "rollback" ? .string("") : nil)
        else {
            throw .badRequest("`description` must be an object with the strings `type` and `sdp`.")
        }
        guard ["offer", "answer", "pranswer", "rollback"].contains(type) else {
            throw .badRequest("`type` must be offer, answer, pranswer or rollback.")
        }
        guard sdp.utf8.count <= Limits.sessionDescription else {
            throw .badRequest("`sdp` must be at most \(Limits.sessionDescription) bytes.")
        }
        self.init(type: type, sdp: sdp)
    }
}

/// A signal as its receiver gets it.
struct IncomingSignal: Encodable, Equatable, Sendable {
    /// The sender.
    var from: ParticipantID
    /// As the sender gave it.
    var epoch: Int64
    /// As the sender gave it.
    var content: Signal.Content

    private enum CodingKeys: String, CodingKey {
        case from
        case epoch
        case description
        case candidate
        case endOfCandidates
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(from, forKey: .from)
        try container.encode(epoch, forKey: .epoch)
        switch content {
        case .description(let description): try container.encode(description, forKey: .description)
        case .candidate(let candidate): try container.encode(candidate, forKey: .candidate)
        case .endOfCandidates: try container.encode(true, forKey: .endOfCandidates)
        }
    }
}

extension JSONValue {
    /// The bytes of the value as JSON text without white space; `nil` when there is binary data in it.
    ///
    /// Characters that JSON escapes count as one or two bytes, so a text full of control characters may be longer.
    var textSize: Int? {
        switch self {
        case .null, .bool(true): return 4
        case .bool(false): return 5
        case .int(let integer): return "\(integer)".utf8.count
        case .double(let double): return "\(double)".utf8.count
        case .string(let string): return Self.size(of: string)
        case .array(let elements):
            return Self.sum(elements.map(\.textSize)).map { $0 + 1 + max(elements.count, 1) }
        case .object(let members):
            let sizes = members.map { name, value in value.textSize.map { $0 + Self.size(of: name) + 1 } }
            return Self.sum(sizes).map { $0 + 1 + max(members.count, 1) }
        case .binary: return nil
        }
    }

    private static func size(of string: String) -> Int {
        string.utf8.reduce(2) { size, byte in
            size + (byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 ? 2 : 1)
        }
    }

    private static func sum(_ sizes: [Int?]) -> Int? {
        sizes.reduce(0) { sum, size in
            guard let sum, let size else { return nil }
            return sum + size
        }
    }
}
