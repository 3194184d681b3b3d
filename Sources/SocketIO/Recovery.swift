import EngineIO
import Logging
import NIOCore
import Synchronization

/// What a socket has in a namespace whose clients may come back.
final class SocketRecovery {
    /// The secret of the client, once it was accepted.
    var pid = ""
    /// The log's position when it was accepted.
    var start: UInt64 = 0
    /// The last event from another node's log that the client got, if it has got none of this log's.
    var foreignOffset: String?
    /// What the client is coming back to, until it was accepted.
    var claim: Claim?
    var isRecovered: Bool

    /// A session that nobody else can have any more, and what its client missed.
    struct Claim: Sendable {
        let session: RecoverySession
        let offset: String?
        /// What another node has told that the client missed.
        var foreignPackets: [OutgoingPacket]?
    }

    init(claim: Claim? = nil) {
        self.claim = claim
        isRecovered = claim != nil
    }

    /// The client was accepted, with its old session or a new one.
    func resume(_ claim: Claim?, at end: UInt64) {
        isRecovered = claim != nil
        guard let claim else {
            pid = SocketID.make()
            start = end
            return
        }
        pid = claim.session.pid
        if claim.foreignPackets == nil {
            // What is repeated now may be lost again, and then what the client has is what it had before.
            start = claim.session.start
            foreignOffset = claim.session.foreignOffset
        } else {
            start = end
            foreignOffset = claim.offset
        }
    }
}

/// Connection state recovery in a namespace: the order of all its events, and the clients that are away.
///
/// Each loop delivers the events in the order of the log. An event enters the log and the queue of each loop under
/// one lock; the loop that sends it empties its queue at once. So what a client missed is what the log has after the
/// last event that it got.
final class Recovery: Sendable {
    let options: SocketIOServer.ConnectionStateRecovery

    /// An event on its way to the sockets of a loop.
    private enum Delivery {
        case socket(Socket, OutgoingPacket)
        case selection(BroadcastTarget, OutgoingPacket)
    }

    private struct Queue {
        let index: RoomIndex
        var deliveries: [Delivery] = []
        /// Whether the loop was told.
        var isAwake = false
    }

    private struct State {
        var log: RecoveryLog<OutgoingPacket>
        var sessions: RecoverySessions
        var live: [String: Socket] = [:]
        var queues: [Queue] = []

        /// Adds to the queue of a loop; `true` when the loop must be told.
        mutating func enqueue(_ delivery: Delivery, at place: Int) -> Bool {
            queues[place].deliveries.append(delivery)
            defer { queues[place].isAwake = true }
            return !queues[place].isAwake
        }

        mutating func takeDeliveries(_ index: RoomIndex) -> [Delivery] {
            let place = index.recoveryPlace
            defer { queues[place].deliveries = [] }
            queues[place].isAwake = !queues[place].deliveries.isEmpty
            return queues[place].deliveries
        }
    }

    private let state: Mutex<State>
    private let lastOffset = Atomic<UInt64>(0)
    /// Tells the offsets of this log from those of others.
    private let offsetPrefix = String(SocketID.make().prefix(6)) + "."

    init(_ options: SocketIOServer.ConnectionStateRecovery) {
        self.options = options
        state = Mutex(
            State(
                log: RecoveryLog(maximumCount: options.maxPackets, maximumBytes: options.maxBytes),
                sessions: RecoverySessions(
                    maximumCount: options.maxSessions,
                    maximumAge: options.maxDisconnectionDuration
                )
            )
        )
    }

    /// Enters the rooms of a loop.
    func add(_ index: RoomIndex) {
        state.withLock { state in
            index.recoveryPlace = state.queues.count
            state.queues.append(Queue(index: index))
        }
    }

    func makeOffset() -> UInt64 {
        lastOffset.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// The offset as clients know it.
    func text(ofOffset offset: UInt64) -> String { offsetPrefix + String(offset, radix: 36) }

    private func offset(_ text: String) -> UInt64? {
        guard text.hasPrefix(offsetPrefix) else { return nil }
        return UInt64(text.dropFirst(offsetPrefix.count), radix: 36)
    }
}

// MARK: - Sending

extension Recovery {
    /// Sends an event to a socket, from anywhere.
    func send(_ packet: OutgoingPacket, offset: UInt64, to socket: Socket) {
        let index = socket.roomIndex
        let mustTell = state.withLock { state in
            let destination = RecoveryLog<OutgoingPacket>.Destination.socket(id: socket.id)
            state.log.append(packet, offset: offset, to: destination, byteCount: packet.byteCount)
            return state.enqueue(.socket(socket, packet), at: index.recoveryPlace)
        }
        deliver(on: index, mustTell)
    }

    /// Sends an event to all sockets that `target` means, from anywhere.
    func send(_ packet: OutgoingPacket, offset: UInt64, to target: BroadcastTarget) {
        let (indexes, isAwake) = state.withLock { state in
            let destination = RecoveryLog<OutgoingPacket>.Destination.selection(target.selection)
            state.log.append(packet, offset: offset, to: destination, byteCount: packet.byteCount)
            let mustTell = state.queues.indices.map { state.enqueue(.selection(target, packet), at: $0) }
            return (state.queues.map(\.index), mustTell)
        }
        for (index, mustTell) in zip(indexes, isAwake) { deliver(on: index, mustTell) }
    }

    private func deliver(on index: RoomIndex, _ mustTell: Bool) {
        if index.loop.isCurrent {
            deliverAll(on: index)
        } else if mustTell {
            index.loop.execute { self.deliverAll(on: index) }
        }
    }

    private func deliverAll(on index: RoomIndex) {
        // A listener for outgoing events may send: that comes after what is being delivered.
        guard !index.isDelivering else { return }
        index.isDelivering = true
        defer { index.isDelivering = false }
        while true {
            let deliveries = state.withLock { $0.takeDeliveries(index) }
            guard !deliveries.isEmpty else { return }
            deliver(deliveries, on: index)
        }
    }

    private func deliver(_ deliveries: [Delivery], on index: RoomIndex) {
        for delivery in deliveries {
            switch delivery {
            case .socket(let socket, let packet): socket.transmit(packet)
            case .selection(let target, let packet): index.forEach(in: target) { $0.transmit(packet) }
            }
        }
    }
}

// MARK: - Leaving and coming back

extension Recovery {
    /// Where the session of a client is.
    enum Found {
        case nowhere
        /// It is the caller's now.
        case here(RecoverySession)
        /// The server has not noticed yet that the client lost its connection.
        case live(Socket)
    }

    func find(_ ticket: RecoveryTicket, at now: ContinuousClock.Instant) -> Found {
        state.withLock { state in
            if let session = state.sessions.remove(ticket.pid, at: now) { return .here(session) }
            return state.live[ticket.pid].map(Found.live) ?? .nowhere
        }
    }

    /// The client of a session did not come back after all; another attempt may.
    func putBack(_ session: RecoverySession) {
        state.withLock { $0.sessions.insert(session) }
    }

    /// Accepts a socket; on its loop, where it is entered into its rooms before anything else happens.
    /// - Returns: What its client missed, to be sent before the answer to CONNECT.
    func accept(_ socket: Socket, _ recovery: SocketRecovery) -> [OutgoingPacket] {
        let claim = recovery.claim
        recovery.claim = nil
        let (missed, deliveries) = state.withLock { state in
            let missed = claim.flatMap { claim in
                claim.foreignPackets ?? self.missed(claim.session, claim.offset, in: state.log)?.map(\.packet)
            }
            recovery.resume(missed == nil ? nil : claim, at: state.log.end)
            state.live[recovery.pid] = socket
            return (missed, state.takeDeliveries(socket.roomIndex))
        }
        // These are among what the client missed, or none of its business; the others must get them first.
        deliver(deliveries, on: socket.roomIndex)
        if let rooms = claim?.session.rooms {
            if missed != nil { socket.makeEarly().rooms += rooms } else { socket.storedData = SocketData() }
        }
        return missed ?? []
    }

    /// A socket has ended and is still in its rooms; its client may come back if it `isRecoverable`.
    func ended(_ socket: Socket, _ recovery: SocketRecovery, isRecoverable: Bool) {
        if let claim = recovery.claim, claim.foreignPackets == nil { putBack(claim.session) }
        guard !recovery.pid.isEmpty else { return }
        let session = RecoverySession(
            id: socket.id,
            pid: recovery.pid,
            rooms: socket.currentRooms,
            data: socket.storedData,
            start: recovery.start,
            foreignOffset: recovery.foreignOffset,
            ended: socket.connection.loop.now
        )
        state.withLock { state in
            state.live[session.pid] = nil
            if isRecoverable { state.sessions.insert(session) }
        }
    }

    /// What a client missed; `nil` when that can't be told any more.
    func missed(_ session: RecoverySession, offset: String?) -> [(packet: OutgoingPacket, offset: UInt64)]? {
        state.withLock { missed(session, offset, in: $0.log) }
    }

    private func missed(
        _ session: RecoverySession,
        _ offset: String?,
        in log: RecoveryLog<OutgoingPacket>
    ) -> [(packet: OutgoingPacket, offset: UInt64)]? {
        let position =
            if let offset, offset != session.foreignOffset {
                self.offset(offset).flatMap { log.position(after: $0) }
            } else {
                session.start as UInt64?
            }
        return position.flatMap { log.missed(from: $0, by: session.id, in: session.rooms) }
    }
}
