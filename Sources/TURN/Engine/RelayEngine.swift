import DequeModule
import HeapModule
public import NIOCore
public import STUN

/// A TURN server without sockets: allocations, permissions, channels, and what passes through them (RFC 8656).
///
/// One engine belongs to one thread. The driver feeds it what arrives and does what the answers say; after each call
/// but those that relay it drains ``nextOutput()``. Engines of one server share nothing but credentials and quotas.
public struct RelayEngine: ~Copyable {
    /// The length of the space in front of a peer's payload in which a header is written: that of a Data indication
    /// with an IPv6 address.
    public static let headroom = 48

    /// A transport and an address of the server's.
    struct Listener: Equatable {
        let transport: ClientTransport
        let address: TransportAddress
        let scope: UInt32
    }

    /// The answer to the last request, after ``OnReceive/answer(from:)``.
    public internal(set) var answer = ByteBuffer()
    /// What ``answer`` says.
    public internal(set) var answerKind = AnswerKind.success
    /// Which of the server's engines this is.
    public let index: UInt8

    private(set) var configuration: RelayConfiguration
    /// The relay addresses whose sockets are bound to another one.
    private(set) var translations: [RelayConfiguration.RelayAddress]
    /// How many engines the server has.
    let engines: Int

    var listeners: [Listener] = []
    var allocations = Slots<Allocation>()
    /// By the numbers of allocations.
    var owners: ContiguousArray<AllocationOwner?> = []
    /// When the engine looks at allocations next, by their numbers; 0 for never.
    ///
    /// A time stays when its allocation has ended, and serves the next of the number: whoever comes and goes must not
    /// leave a heap of them.
    var timers: ContiguousArray<UInt64> = []
    /// The numbers of a user's allocations.
    var slotsByUser: [String: Set<UInt32>] = [:]
    var relays = Slots<Relay>()
    var permissions = Slots<Permission>()
    var bindings = Slots<ChannelBinding>()
    var allocationsByClient = FlatTable<FiveTuple>()
    var permissionsByHost = FlatTable<PermissionKey>()
    var bindingsByNumber = FlatTable<ChannelKey>()
    var bindingsByPeer = FlatTable<PeerKey>()
    /// Flows that another engine serves.
    var forwarding = FlatTable<FiveTuple>()
    var limiter: AnswerLimiter
    var tickets = MobilityTickets()
    var pending: PendingAllocation?
    var reservations: [UInt64: Reservation] = [:]
    var peerConnections: [PeerConnectionID: PeerConnection] = [:]
    var indicationIDs: IndicationIDs

    private(set) var deadlines = Heap<Deadline>()
    private(set) var outputs = Deque<Output>()
    private var generation: UInt32 = 0

    /// Makes an engine without allocations.
    /// - Parameters:
    ///   - configuration: What it grants.
    ///   - index: Which of the server's engines it is.
    ///   - engines: How many there are.
    public init(configuration: RelayConfiguration, index: UInt8 = 0, of engines: Int = 1) {
        self.configuration = configuration
        self.index = index
        self.engines = engines
        translations = Self.translations(configuration)
        limiter = AnswerLimiter(rate: configuration.unauthenticatedRate)
        indicationIDs = IndicationIDs()
    }

    /// Makes a listener known, or finds it again.
    /// - Parameters:
    ///   - transport: What it accepts.
    ///   - address: The address that clients send to: of a socket for all addresses, the one that a datagram was sent to.
    ///   - scope: The interface of a link-local address, which is another one on each (RFC 4007 §6); 0 unless given.
    /// - Returns: Its number.
    /// - Precondition: A server has fewer than 65,536 of them.
    public mutating func register(
        _ transport: ClientTransport,
        at address: TransportAddress,
        scope: UInt32 = 0
    ) -> ListenerID {
        let listener = Listener(transport: transport, address: address.unmapped, scope: scope)
        let known = listeners.firstIndex(of: listener)
        if known == nil { listeners.append(listener) }
        return ListenerID(index: UInt16(known ?? listeners.count - 1))
    }

    /// Takes a datagram, or a message that was cut from a stream, from a client.
    /// - Parameters:
    ///   - bytes: The whole of it.
    ///   - client: The flow.
    ///   - forwarder: The engine that handed it on; `nil` if it arrived here.
    ///   - now: The time.
    /// - Returns: What to do about it.
    public mutating func receive(
        _ bytes: Span<UInt8>,
        from client: FiveTuple,
        forwardedBy forwarder: UInt8? = nil,
        at now: Moment
    ) -> OnReceive {
        let result = judge(bytes, from: client, forwardedBy: forwarder, at: now)
        if let forwarder, pending == nil { releaseIfUnused(client, by: forwarder) }
        return result
    }

    private mutating func judge(
        _ bytes: Span<UInt8>,
        from client: FiveTuple,
        forwardedBy forwarder: UInt8?,
        at now: Moment
    ) -> OnReceive {
        guard bytes.count >= 4 else { return .drop(.notTURN) }
        // RFC 8656 §12.4 and RFC 7983: the two leading bits tell messages, ChannelData and everything else apart.
        switch bytes[0] >> 6 {
        case 0b00: return receiveMessage(bytes, from: client, forwardedBy: forwarder, at: now)
        case 0b01: return relayChannelData(bytes, from: client, at: now)
        default: return .drop(.notTURN)
        }
    }

    /// When ``timeout(at:)`` is to be called, as uptime in nanoseconds; `nil` for never.
    public var nextDeadline: UInt64? { deadlines.min?.uptime }

    /// Ends what has reached its end; to be called when ``nextDeadline`` has passed.
    public mutating func timeout(at now: Moment) {
        while let deadline = deadlines.min, deadline.uptime <= now.uptime {
            deadlines.removeMin()
            switch deadline.subject {
            case .allocation(let slot):
                guard timers[Int(slot)] == deadline.uptime else { continue }
                timers[Int(slot)] = 0
                if allocations[slot].isLive { lookAfter(slot, at: now) }
            case .reservation(let token): giveUpReservation(token)
            case .peerConnection(let connection): giveUp(connection)
            }
        }
    }

    /// What to do next besides; `nil` when all is done.
    public mutating func nextOutput() -> Output? {
        let output = outputs.popFirst()
        // Not before: a socket that is opened until the driver hears of this must have another number.
        if case .close(let relay) = output { relays.remove(relay.index, leaving: .vacant) }
        return output
    }

    /// Takes over the addresses of relays, and what the policy says of peers, after the machine's addresses have changed.
    ///
    /// Allocations stay, also at addresses that the machine has no more; what was granted for peers that are denied now
    /// ends.
    /// - Parameter configuration: The new addresses and policy, of which the list of relays must be the same.
    public mutating func update(from configuration: RelayConfiguration) {
        self.configuration.relayAddresses = configuration.relayAddresses
        self.configuration.policy = configuration.policy
        translations = Self.translations(configuration)
        for slot in 0..<UInt32(allocations.capacity) where allocations[slot].isLive {
            judgePeersAgain(slot)
        }
    }

    private static func translations(_ configuration: RelayConfiguration) -> [RelayConfiguration.RelayAddress] {
        configuration.relayAddresses.filter { $0.advertised != $0.local }
    }

    /// Forgets that the messages of a flow go to another engine.
    public mutating func stopForwarding(_ client: FiveTuple) {
        forwarding.remove(client)
    }

    /// Ends everything: sockets are closed and quotas are free again.
    public mutating func shutDown() {
        for slot in 0..<UInt32(allocations.capacity) where allocations[slot].isLive {
            end(slot)
        }
        for token in Array(reservations.keys) {
            giveUpReservation(token)
        }
    }

    mutating func put(_ output: Output) {
        outputs.append(output)
    }

    mutating func schedule(_ subject: Deadline.Subject, at uptime: UInt64) {
        deadlines.insert(Deadline(uptime: uptime, subject: subject))
    }

    /// A number that no allocation of the same slot had before.
    mutating func makeGeneration() -> UInt32 {
        generation &+= 1
        return generation
    }
}
