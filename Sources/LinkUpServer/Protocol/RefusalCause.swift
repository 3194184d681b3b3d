/// The limits on which requests of clients are refused: what each is called in metrics, and which code it answers.
///
/// Counting, metrics and the table in `docs/operations.md` all follow ``allCases``.
enum RefusalCause: Hashable, Sendable {
    /// One connection did something too often.
    case rate(LimitedAction)
    /// All connections of a network did it too often.
    case networkRate(LimitedAction)
    /// More was said in a room than slow receivers keep up with.
    case roomBytes
    /// More was told of the members of a room than slow receivers keep up with.
    case announcementBytes
    /// More was shown in a room than anybody can look at.
    case roomReactions
    /// One participant sent another too much.
    case pairBytes
    /// A client reads as much at a time as it may.
    case reads
    /// Those of its network read as much as they may.
    case networkReads
    /// All clients read as much as they may.
    case allReads
    /// A client says as much at a time as it may.
    case writes
    /// A socket is joining a room already.
    case joins
    /// More waits for the client than it takes.
    case waitingBytes
    /// More waits for the receiver of a signal than it takes.
    case receiverBytes
    /// A call has as many participants as it may.
    case participants
    /// The calls have as many participants of a network as they may.
    case networkParticipants
    /// A room has as many people as it may.
    case people
    /// A room has as many people of a network as it may.
    case networkPeople
    /// As many people wait to be let into a room as may.
    case waiting
    /// As many people of a network wait to be let into a room as may.
    case networkWaiting
    /// The disk has less room than is left to others.
    case diskSpace
    /// The history has its largest size.
    case historySize
    /// As many messages wait for the disk as may.
    case storeQueue
    /// The history can't be used: no limit, but refused in the same way.
    case storage
}

extension RefusalCause: CaseIterable {
    static let allCases: [Self] =
        LimitedAction.allCases.map { .rate($0) }
        + LimitedAction.allCases.filter { $0.rate.network != nil }.map { .networkRate($0) }
        + [
            .roomBytes, .announcementBytes, .roomReactions, .pairBytes, .reads, .networkReads, .allReads, .writes,
            .joins, .waitingBytes, .receiverBytes, .participants, .networkParticipants, .people, .networkPeople,
            .waiting, .networkWaiting, .diskSpace, .historySize, .storeQueue, .storage,
        ]

    /// What the answer says.
    var code: RequestError.Code {
        switch self {
        case .rate, .networkRate, .roomBytes, .announcementBytes, .roomReactions, .pairBytes: .tooManyRequests
        case .reads, .networkReads, .allReads, .writes, .joins, .waitingBytes: .busy
        case .receiverBytes: .peerBusy
        case .participants, .networkParticipants: .callFull
        case .people, .networkPeople, .waiting, .networkWaiting: .roomFull
        case .diskSpace, .historySize, .storeQueue, .storage: .notStored
        }
    }

    /// The limit as metrics name it.
    var name: String {
        switch self {
        case .rate(let action): "\(action.name)-rate"
        case .networkRate(let action): "network-\(action.name)-rate"
        case .roomBytes: "room-bytes-rate"
        case .announcementBytes: "announcement-bytes-rate"
        case .roomReactions: "room-reactions-rate"
        case .pairBytes: "pair-bytes-rate"
        case .reads: "reads"
        case .networkReads: "network-reads"
        case .allReads: "all-reads"
        case .writes: "writes"
        case .joins: "joins"
        case .waitingBytes: "waiting-bytes"
        case .receiverBytes: "receiver-bytes"
        case .participants: "participants"
        case .networkParticipants: "network-participants"
        case .people: "people"
        case .networkPeople: "network-people"
        case .waiting: "waiting"
        case .networkWaiting: "network-waiting"
        case .diskSpace: "disk-space"
        case .historySize: "history-size"
        case .storeQueue: "store-queue"
        case .storage: "storage"
        }
    }

    /// What was too much, for the documentation.
    var words: String {
        switch self {
        case .rate(let action): "\(action.words) of one connection"
        case .networkRate(let action): "\(action.words) of one network"
        case .roomBytes: "bytes that are said in one room"
        case .announcementBytes: "bytes that the members of one room are told of each other"
        case .roomReactions: "`react` in one room"
        case .pairBytes: "bytes of the signals from one participant to another"
        case .reads: "`join`, `history` and `search` of one connection that read at a time"
        case .networkReads: "those of one network"
        case .allReads: "those of all"
        case .writes: "`say`, `edit` and `delete` of one connection that wait for the disk"
        case .joins: "a `join` while another is under way"
        case .waitingBytes: "bytes that wait for a client that asks for history"
        case .receiverBytes: "bytes that wait for the receiver of a signal"
        case .participants: "people in one call"
        case .networkParticipants: "people of one network in all calls"
        case .people: "people in one room"
        case .networkPeople: "those of one network"
        case .waiting: "people who wait to be let into one room"
        case .networkWaiting: "those of one network"
        case .diskSpace: "the disk is full, or has no more than `--disk-reserve`"
        case .historySize: "the history has `--history-size`"
        case .storeQueue: "messages of all that wait for the disk"
        case .storage: "the history can't be used; the log says why"
        }
    }

    /// The limit on which a message was not stored.
    init(_ failure: StorageFailure) {
        self =
            switch failure {
            case .diskFull: .diskSpace
            case .historyFull: .historySize
            case .overloaded: .storeQueue
            case .locked, .damaged, .gone, .closed, .unusable: .storage
            }
    }
}

extension LimitedAction {
    /// The action as metrics name it.
    fileprivate var name: String {
        switch self {
        case .enter: "enter"
        case .control: "control"
        case .leave: "leave"
        case .say: "say"
        case .typing: "typing"
        case .react: "react"
        case .signal: "signal"
        case .credentials: "credentials"
        case .sayBytes: "say-bytes"
        case .signalBytes: "signal-bytes"
        }
    }

    /// What is counted.
    fileprivate var words: String {
        switch self {
        case .enter: "joins of a namespace"
        case .control: "`join`, `history`, `search`, `status` and the like"
        case .leave: "`leave`"
        case .say: "`say`, `edit` and `delete`"
        case .typing: "`typing`"
        case .react: "`react`"
        case .signal: "`signal`"
        case .credentials: "entries into a call, which give credentials"
        case .sayBytes: "bytes of `say`"
        case .signalBytes: "bytes of `signal`"
        }
    }
}
