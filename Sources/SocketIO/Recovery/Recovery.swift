import EngineIO
import Locking
import Logging
import NIOCore

import struct Synchronization.Atomic

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
    let isRecovered: Bool

    /// A session that nobody else can have any more, and what its client has still to get.
    struct Claim: Sendable {
        let session: RecoverySession
        let offset: String?
        /// Where in the log that begins.
        var position: UInt64
        /// What another node has told; it comes before what is in the log.
        var foreignPackets: ArraySlice<OutgoingPacket> = []
        /// Where the log ended when another node gave the session away; absent for a session of this node.
        var foreignStart: UInt64?
    }

    init(claim: Claim? = nil) {
        self.claim = claim
        isRecovered = claim != nil
    }

    /// The client was accepted, with its old session or a new one.
    func resume(_ claim: Claim?, at end: UInt64) {
        guard let claim else {
            pid = RandomID.make()
            start = end
            return
        }
        pid = claim.session.pid
        if let foreignStart = claim.foreignStart {
            start = foreignStart
            foreignOffset = claim.offset
        } else {
            // What is repeated now may be lost again, and then what the client has is what it had before.
            start = claim.session.start
            foreignOffset = claim.session.foreignOffset
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
        case socket(Socket, OutgoingPacket, isVolatile: Bool = false)
        /// Whoever has the id now.
        case id(String, OutgoingPacket)
        /// Something that must keep its place among the events of its caller.
        case work(@Sendable () -> Void)
        case selection(Audience, OutgoingPacket, isVolatile: Bool = false)
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
    private let offsetPrefix = String(RandomID.make().prefix(6)) + "."

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

    /// The position that the next event will have.
    var endOfLog: UInt64 { state.withLock { $0.log.end } }

    func makeOffset() -> UInt64 {
        lastOffset.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// The offset as clients know it.
    func text(ofOffset offset: UInt64) -> String { offsetPrefix + String(offset, radix: 36) }

    /// The offset of a volatile event, which is not in the log: clients know by it how far they have got.
    ///
    /// Without one the official client would take the event's last argument for an offset, if that is a string.
    func textOfVolatileOffset() -> String {
        offsetPrefix + Self.positionMark + String(endOfLog, radix: 36)
    }

    /// Stands before a position in the log, where an event's own number stands otherwise.
    private static let positionMark = "-"

    /// The position behind the event of an offset.
    private func position(after offset: String, in log: RecoveryLog<OutgoingPacket>) -> UInt64? {
        guard offset.utf8.starts(with: offsetPrefix.utf8) else { return nil }
        let rest = offset.utf8.dropFirst(offsetPrefix.utf8.count)
        if rest.starts(with: Self.positionMark.utf8) {
            return String(rest.dropFirst()).flatMap { UInt64($0, radix: 36) }
        }
        return String(rest).flatMap { UInt64($0, radix: 36) }.flatMap { log.position(after: $0) }
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

    /// Sends an event to all sockets that `audience` means, from anywhere.
    func send(_ packet: OutgoingPacket, offset: UInt64, to audience: Audience) {
        send(.selection(audience, packet), to: .selection(audience.remoteSelection), packet, offset: offset)
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

    /// Sends a volatile event to a socket, from anywhere: in its place among the others, but not into the log.
    func send(volatile packet: OutgoingPacket, to socket: Socket) {
        let index = socket.roomIndex
        let goal = state.withLock { $0.enqueue(.socket(socket, packet, isVolatile: true), at: index.recoveryPlace) }
        deliver(on: index, until: goal)
    }

    /// Sends a volatile event to all sockets that `audience` means, from anywhere.
    func send(volatile packet: OutgoingPacket, to audience: Audience) {
        let goals = state.withLock { state in
            state.queues.indices.map { place in
                (state.queues[place].index, state.enqueue(.selection(audience, packet, isVolatile: true), at: place))
            }
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
        case .socket(let socket, let packet, let isVolatile): socket.transmit(packet, isVolatile: isVolatile)
        case .id(let id, let packet): index.socket(id)?.transmit(packet)
        case .selection(let target, let packet, let isVolatile):
            index.forEach(in: target) { $0.transmit(packet, isVolatile: isVolatile) }
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

    /// Takes a session for a client, unless what it missed can't be told any more.
    func claim(_ session: RecoverySession, offset: String?) -> SocketRecovery.Claim? {
        state.withLock { state in
            guard let position = position(of: session, offset, in: state.log) else { return nil }
            return SocketRecovery.Claim(session: session, offset: offset, position: position)
        }
    }

    /// What is to be done next for a socket that its middlewares have let in.
    enum Progress {
        /// Its client missed these, and more.
        case missed([OutgoingPacket])
        /// It has all, and gets what comes from now on.
        case accepted
        /// What it missed can't be told any more.
        case lost
    }

    /// How many bytes of what a client missed are sent before it is looked whether it keeps up.
    private static let bytesAtOnce = 65_536

    /// Goes on with accepting a socket; on its loop, where it is entered into its rooms before anything else happens.
    func advance(_ socket: Socket, _ recovery: SocketRecovery) -> Progress {
        if let packet = recovery.claim?.foreignPackets.popFirst() { return .missed([packet]) }
        // The others must get first what was sent before.
        while let delivery = state.withLock({ $0.take(socket.roomIndex, until: .max) }) {
            deliver(delivery, on: socket.roomIndex)
        }
        let claim = recovery.claim
        let (progress, deliveries): (Progress, [Delivery]) = state.withLock { state in
            if let claim {
                let (id, rooms) = (claim.session.id, claim.session.rooms)
                let part = state.log.missed(from: claim.position, by: id, in: rooms, byteCount: Self.bytesAtOnce)
                guard let part else { return (.lost, []) }
                if !part.packets.isEmpty {
                    recovery.claim?.position = part.next
                    return (.missed(part.packets), [])
                }
            }
            recovery.resume(claim, at: state.log.end)
            state.live[ExactString(recovery.pid)] = socket
            var deliveries: [Delivery] = []
            while let delivery = state.take(socket.roomIndex, until: .max) { deliveries.append(delivery) }
            return (.accepted, deliveries)
        }
        if case .missed = progress { return progress }
        // Nobody can take the session back, whatever becomes of the socket.
        recovery.claim = nil
        // What came meanwhile is among what the client missed, or none of its business.
        for delivery in deliveries { deliver(delivery, on: socket.roomIndex) }
        if case .accepted = progress, let claim { socket.makeEarly().rooms += claim.session.rooms }
        return progress
    }

    /// A socket has ended and is still in its rooms; its client may come back if it `isRecoverable`.
    func ended(_ socket: Socket, _ recovery: SocketRecovery, isRecoverable: Bool) {
        if let claim = recovery.claim, claim.foreignStart == nil { putBack(claim.session) }
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
        position(of: session, offset, in: log).flatMap { log.missed(from: $0, by: session.id, in: session.rooms) }
    }

    /// Where what a client missed begins; `nil` when that can't be told any more, or was before the client came.
    private func position(
        of session: RecoverySession,
        _ offset: String?,
        in log: RecoveryLog<OutgoingPacket>
    ) -> UInt64? {
        var position = session.start
        if let offset, !(session.foreignOffset?.isExactly(offset) ?? false) {
            guard let found = self.position(after: offset, in: log), found >= session.start else { return nil }
            position = found
        }
        return log.reaches(back: position) ? position : nil
    }
}
