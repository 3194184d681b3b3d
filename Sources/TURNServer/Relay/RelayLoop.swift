import CLinuxUDP
import NIOCore
import STUN
import TURN

/// What one relay thread does: receives datagrams in batches, asks its engine, and sends what comes of it.
///
/// Nothing is allocated, locked or counted by reference for a datagram that is relayed.
struct RelayLoop: ~Copyable {
    /// A relayed address, by its number.
    struct Relay {
        var id: RelayID
        /// Which of those that had the number.
        var generation: UInt32
        var address: TransportAddress
        var state: State

        enum State {
            case closed
            case datagrams
            case connections
        }
    }

    /// The token of the inbox; no socket has it.
    private static let inboxToken = UInt64.max
    private static let maximumEvents = 64
    /// How many datagrams of one relay are handled before the next one's turn.
    static let peerBatch = 16

    var engine: RelayEngine
    var now: Moment
    let thread: RelayThread
    let threads: [RelayThread]
    let connector: (any PeerConnector)?
    let counters: RelayCounters
    var notices: RelayNotices

    let io: UnsafeMutablePointer<udp_io>
    let poller: OpaquePointer
    private let events: UnsafeMutablePointer<udp_event>
    /// The sockets: those for clients have the first numbers, those of relays the numbers behind.
    var queue: SendQueue
    /// The number of the first relay's socket.
    let firstRelay: Int
    /// The first slot that holds nothing which waits to be sent.
    var nextSlot = 0

    var listeners = ListenerTable()
    var relays: ContiguousArray<Relay> = []
    var streams = StreamTable()
    var isStopped = false

    /// Makes a loop that owns the sockets and the poller of `assignment`.
    init(_ assignment: consuming RelayThread.Assignment, of thread: RelayThread) {
        self.thread = thread
        threads = assignment.threads
        connector = assignment.connector
        counters = thread.counters
        notices = RelayNotices(
            logger: assignment.logger,
            expectsDenials: assignment.configuration.policy.reach == .ownRelays
        )
        now = Self.currentTime()
        engine = RelayEngine(configuration: assignment.configuration, index: thread.index, of: assignment.threads.count)
        io = udp_io_create(assignment.isPortable)
        poller = assignment.poller
        events = .allocate(capacity: Self.maximumEvents)
        events.initialize(repeating: udp_event(), count: Self.maximumEvents)
        queue = SendQueue(io: io, counters: thread.counters)
        firstRelay = assignment.sockets.count
        for (number, socket) in assignment.sockets.enumerated() {
            enter(socket, number: number)
        }
        watch(thread.wakerDescriptor, token: Self.inboxToken)
    }

    deinit {
        udp_poller_destroy(poller)
        udp_io_destroy(io)
        events.deallocate()
    }

    static func currentTime() -> Moment {
        Moment(uptime: udp_uptime(), unix: udp_unix_time())
    }

    private mutating func enter(_ socket: UDPListener, number: Int) {
        queue.open(number, descriptor: socket.descriptor, family: socket.address.family.rawValue)
        var listener: ListenerID?
        if !socket.address.ip.isUnspecified {
            let id = engine.register(.udp, at: socket.address, scope: socket.scope)
            listeners.enter(
                ListenerTable.Listener(
                    transport: .udp,
                    address: socket.address,
                    socket: number,
                    source: .none,
                    scope: socket.scope
                ),
                as: id
            )
            listener = id
        }
        listeners.enter(ListenerTable.Socket(address: socket.address, number: number, listener: listener))
        watch(socket.descriptor, token: UInt64(number))
    }

    private func watch(_ descriptor: CInt, token: UInt64) {
        // The descriptors are new and few; only memory can be short.
        let result = udp_poller_add(poller, descriptor, token)
        precondition(result == 0, "a socket can't be watched: error \(-result)")
    }

    /// Serves until it is told to stop.
    mutating func run() {
        while !isStopped {
            let count = udp_poller_wait(poller, events, CInt(Self.maximumEvents), waitingTime())
            precondition(count >= 0, "waiting for sockets failed: error \(-count)")
            now = Self.currentTime()
            for index in 0..<Int(count) {
                handle(events[index])
            }
            if let deadline = engine.nextDeadline, deadline <= now.uptime {
                engine.timeout(at: now)
                drain()
            }
            flush()
            streams.flush()
        }
        // The quotas are shared with threads that may go on.
        engine.shutDown()
        drain()
        flush()
        streams.flush()
    }

    /// Sends what waits; the slots are free again then.
    mutating func flush() {
        queue.flush()
        nextSlot = 0
    }

    /// In milliseconds; -1 for any time.
    private func waitingTime() -> CInt {
        guard let deadline = engine.nextDeadline else { return -1 }
        let now = udp_uptime()
        guard deadline > now else { return 0 }
        // Not a moment too early, or the loop would turn for nothing.
        return CInt(clamping: (deadline - now + 999_999) / 1_000_000)
    }

    private mutating func handle(_ event: udp_event) {
        if event.token == Self.inboxToken {
            receiveMessages()
            return
        }
        let number = Int(truncatingIfNeeded: event.token & 0xFFFF_FFFF)
        guard number >= firstRelay else {
            receiveFromClients(number)
            return
        }
        // The socket may have been closed in this turn, and its number be another's.
        let index = number - firstRelay
        guard index < relays.count, relays[index].state == .datagrams,
            relays[index].generation == UInt32(truncatingIfNeeded: event.token >> 32)
        else { return }
        if event.failed {
            receiveErrors(index)
        }
        receiveFromPeers(index)
    }
}
