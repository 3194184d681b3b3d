/// When the engine has to look at something.
struct Deadline: Comparable {
    enum Subject: Equatable {
        /// Of the allocation of this number, whichever it is by then: it counts if it is the one that is noted for it.
        case allocation(UInt32)
        /// Of a port that is kept for whoever has the token.
        case reservation(UInt64)
        /// Of a connection that no client has joined yet.
        case peerConnection(PeerConnectionID)
    }

    let uptime: UInt64
    let subject: Subject

    static func < (left: Deadline, right: Deadline) -> Bool {
        left.uptime < right.uptime
    }
}
