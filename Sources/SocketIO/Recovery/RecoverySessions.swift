/// A client that lost its connection, as long as it may come back.
struct RecoverySession: Sendable {
    /// The socket's id.
    let id: String
    /// The secret by which the client proves that it is the same.
    let pid: String
    let rooms: RoomNames
    let data: SocketData
    /// The log's position when the client joined, for one that has not got an event since.
    let start: UInt64
    /// The last event from another node's log that was sent to the client, if it came from there.
    let foreignOffset: String?
    let ended: ContinuousClock.Instant
}

/// The clients of a namespace that are away.
struct RecoverySessions: Sendable {
    private let maximumCount: Int
    private let maximumAge: Duration
    private var sessions: [ExactString: (session: RecoverySession, ticket: UInt64)] = [:]
    /// In the order in which they ended, some of them already gone.
    private var order: [(pid: ExactString, ticket: UInt64)] = []
    private var lastTicket: UInt64 = 0

    init(maximumCount: Int, maximumAge: Duration) {
        self.maximumCount = maximumCount
        self.maximumAge = maximumAge
    }

    /// How many are remembered.
    var count: Int { sessions.count }

    /// Remembers a client; when there are too many, the one that is away for longest is forgotten.
    mutating func insert(_ session: RecoverySession) {
        lastTicket += 1
        sessions[ExactString(session.pid)] = (session, lastTicket)
        order.append((ExactString(session.pid), lastTicket))
        expire(at: session.ended)
        if order.count > 2 * maximumCount + 32 {
            order.removeAll { sessions[$0.pid]?.ticket != $0.ticket }
        }
    }

    /// Takes a client that is back in time.
    mutating func remove(_ pid: String, at now: ContinuousClock.Instant) -> RecoverySession? {
        expire(at: now)
        return sessions.removeValue(forKey: ExactString(pid))?.session
    }

    /// Forgets those that are away for too long, and the oldest of too many.
    private mutating func expire(at now: ContinuousClock.Instant) {
        var gone = 0
        for (pid, ticket) in order {
            if let entry = sessions[pid], entry.ticket == ticket {
                guard sessions.count > maximumCount || entry.session.ended + maximumAge < now else { break }
                sessions[pid] = nil
            }
            gone += 1
        }
        order.removeFirst(gone)
    }
}
