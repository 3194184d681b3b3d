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
        /// Whoever has the id now.
        case id(String, OutgoingPacket)
        /// Something that must keep its place among the events of its caller.
        case work(@Sendable () -> Void)
        case selection(BroadcastTarget, OutgoingPacket)
    }

    private struct Queue {
        let index: RoomIndex
        var deliveries: [Delivery] = []
        /// The first of ``deliveries`` that was not taken.
        var next = 0
        /// How many were ever taken.
        var taken: UInt64 = 0
    }

    private struct State {
        var log: RecoveryLog<OutgoingPacket>
        var sessions: RecoverySessions
        var live: [ExactString: Socket] = [:]
        var queues: [Queue] = []

        /// Adds to the queue of a loop.
        /// - Returns: How many will have been taken with this one.
        mutating func enqueue(_ delivery: Delivery, at place: Int) -> UInt64 {
            queues[place].deliveries.append(delivery)
            return queues[place].taken + UInt64(queues[place].deliveries.count - queues[place].next)
        }

        /// Takes from the queue of a loop until `goal` have been taken.
        mutating func take(_ index: RoomIndex, until goal: UInt64) -> Delivery? {
            let place = index.recoveryPlace
            let next = queues[place].next
            guard queues[place].taken < goal, next < queues[place].deliveries.count else { return nil }
            let delivery = queues[place].deliveries[next]
            queues[place].taken += 1
            queues[place].next += 1
            if queues[place].next == queues[place].deliveries.count {
                queues[place].deliveries.removeAll(keepingCapacity: queues[place].next < 64)
                queues[place].next = 0
            }
            return delivery
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
        guard text.utf8.starts(with: offsetPrefix.utf8) else { return nil }
        return String(text.utf8.dropFirst(offsetPrefix.utf8.count)).flatMap { UInt64($0, radix: 36) }
    }
}

// MARK: - Sending

extension Recovery {
    /// Sends an event to a socket, from anywhere.
    ///
    /// One that has ended stands for its client, which may have come back.
    func send(_ packet: OutgoingPacket, offset: UInt64, to socket: Socket) {
        guard socket.isConnected else {
            return send(.id(socket.id, packet), to: .socket(id: socket.id), packet, offset: offset)
        }
        let index = socket.roomIndex
        let goal = state.withLock { state in
            let destination = RecoveryLog<OutgoingPacket>.Destination.socket(id: socket.id)
            state.log.append(packet, offset: offset, to: destination, byteCount: packet.byteCount)
            return state.enqueue(.socket(socket, packet), at: index.recoveryPlace)
        }
        deliver(on: index, until: goal)
    }

    /// Sends an event to all sockets that `target` means, from anywhere.
    func send(_ packet: OutgoingPacket, offset: UInt64, to target: BroadcastTarget) {
        send(.selection(target, packet), to: .selection(target.selection), packet, offset: offset)
    }

    private func send(
        _ delivery: Delivery,
        to destination: RecoveryLog<OutgoingPacket>.Destination,
        _ packet: OutgoingPacket,
        offset: UInt64
    ) {
        let goals = state.withLock { state in
            state.log.append(packet, offset: offset, to: destination, byteCount: packet.byteCount)
            return state.queues.indices.map { (state.queues[$0].index, state.enqueue(delivery, at: $0)) }
        }
        for (index, goal) in goals { deliver(on: index, until: goal) }
    }

    /// Runs `work` on a loop: at once when the caller is there, otherwise between the events that the caller sends
    /// before and after.
    func run(on index: RoomIndex, _ work: @escaping @Sendable () -> Void) {
        if index.loop.isCurrent { return work() }
        let goal = state.withLock { $0.enqueue(.work(work), at: index.recoveryPlace) }
        deliver(on: index, until: goal)
    }

    /// Each event is delivered no later than what its caller does next, so it is not left to an earlier turn's call.
    private func deliver(on index: RoomIndex, until goal: UInt64) {
        if index.loop.isCurrent {
            deliverQueue(on: index, until: goal)
        } else {
            index.loop.execute { self.deliverQueue(on: index, until: goal) }
        }
    }

    private func deliverQueue(on index: RoomIndex, until goal: UInt64) {
        index.deliveryGoal = max(index.deliveryGoal, goal)
        // A listener for outgoing events may send: that comes after what is being delivered.
        guard !index.isDelivering else { return }
        while let delivery = state.withLock({ $0.take(index, until: index.deliveryGoal) }) {
            deliver(delivery, on: index)
        }
    }

    private func deliver(_ delivery: Delivery, on index: RoomIndex) {
        index.isDelivering = true
        defer { index.isDelivering = false }
        switch delivery {
        case .socket(let socket, let packet): socket.transmit(packet)
        case .id(let id, let packet): index.socket(id)?.transmit(packet)
        case .selection(let target, let packet): index.forEach(in: target) { $0.transmit(packet) }
        case .work(let work):
            index.isDelivering = false
            work()
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
            return state.live[ExactString(ticket.pid)].map(Found.live) ?? .nowhere
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
        // The others must get first what was sent before.
        while let delivery = state.withLock({ $0.take(socket.roomIndex, until: .max) }) {
            deliver(delivery, on: socket.roomIndex)
        }
        let (missed, deliveries) = state.withLock { state in
            let missed = claim.flatMap { claim in
                claim.foreignPackets ?? self.missed(claim.session, claim.offset, in: state.log)?.map(\.packet)
            }
            recovery.resume(missed == nil ? nil : claim, at: state.log.end)
            state.live[ExactString(recovery.pid)] = socket
            var deliveries: [Delivery] = []
            while let delivery = state.take(socket.roomIndex, until: .max) { deliveries.append(delivery) }
            return (missed, deliveries)
        }
        // What came meanwhile is among what the client missed, or none of its business.
        for delivery in deliveries { deliver(delivery, on: socket.roomIndex) }
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
            state.live[ExactString(session.pid)] = nil
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
            if let offset, !(session.foreignOffset?.isExactly(offset) ?? false) {
                self.offset(offset).flatMap { log.position(after: $0) }
            } else {
                session.start as UInt64?
            }
        return position.flatMap { log.missed(from: $0, by: session.id, in: session.rooms) }
    }
}
