import STUN

/// What a client has been granted (RFC 8656 §2.2): relayed addresses, and the head of the lists of its permissions and
/// channels.
///
/// A plain value; what is needed for requests alone is in ``AllocationOwner``.
struct Allocation {
    /// The end of a list.
    static let none = UInt32.max

    /// Whose it is.
    var client: FiveTuple
    /// When it ends, as uptime.
    var expiry: UInt64
    /// The relayed addresses; ``none`` where there is none of a family.
    var ipv4Relay = Allocation.none
    var ipv6Relay = Allocation.none
    var transport: RelayEngine.RelayTransport
    var firstPermission = Allocation.none
    var firstBinding = Allocation.none
    var permissionCount: UInt16 = 0
    var bindingCount: UInt16 = 0
    /// Distinguishes successive users of one slot.
    var generation: UInt32
    var isLive = true
    /// What may still be sent, by clients and by peers; unused without a limit.
    var fromClient = ByteBudget()
    var fromPeers = ByteBudget()

    /// Whether the client's connection has closed, and the client may come back with a ticket.
    var isDetached: Bool { client.client.port == 0 }

    func relay(of family: AddressFamily) -> RelayID? {
        let index =
            switch family {
            case .ipv4: ipv4Relay
            case .ipv6: ipv6Relay
            }
        return index == Self.none ? nil : RelayID(index: index)
    }

    mutating func set(_ relay: RelayID?, of family: AddressFamily) {
        switch family {
        case .ipv4: ipv4Relay = relay?.index ?? Self.none
        case .ipv6: ipv6Relay = relay?.index ?? Self.none
        }
    }

    /// What stands in a slot without allocation.
    static let vacant = Allocation(
        client: .filler,
        expiry: 0,
        transport: .udp,
        generation: 0,
        isLive: false
    )
}

/// The part of an allocation that only requests need.
struct AllocationOwner {
    /// Who made it; only this user may change it.
    var username: String
    /// For whom it counts.
    var account: QuotaAccount
    /// The request that made it, whose retransmission gets the same answer.
    var transactionID: TransactionID
    /// The token of the port that was kept with it.
    var reservation: ReservationToken?
    /// What could not be given of a double allocation.
    var addressError: AddressErrorCode?
    /// How often the allocation has moved, which its tickets carry; `nil` if it may not move.
    var moves: UInt32?
    /// The engine that hands the client's messages on.
    var forwardedBy: UInt8?
}

/// A host that may send to an allocation (RFC 8656 §9).
struct Permission {
    let key: PermissionKey
    var expiry: UInt64
    var next: UInt32
    /// Whether some ports of the host are denied, so that each one has to be looked at.
    var dependsOnPort: Bool

    static let vacant = Permission(key: .filler, expiry: 0, next: Allocation.none, dependsOnPort: false)
}

/// A channel number and the peer that it stands for (RFC 8656 §12).
struct ChannelBinding {
    let key: ChannelKey
    /// The peer, as the client calls it.
    let peer: TransportAddress
    /// The peer, as sockets reach it.
    let destination: TransportAddress
    let relay: RelayID
    var expiry: UInt64
    var next: UInt32
    /// What has to be open besides, if the peer is a relay of this server.
    var gate: RelayGate?

    /// Whether the peer is still who it was when the channel was bound.
    @inline(__always)
    var leadsOn: Bool { gate?.isOpen ?? true }

    static let vacant = ChannelBinding(
        key: .filler,
        peer: PeerKey.filler.peer,
        destination: PeerKey.filler.peer,
        relay: RelayID(index: Allocation.none),
        expiry: 0,
        next: Allocation.none
    )
}

/// A relayed transport address.
struct Relay {
    /// The allocation it belongs to; ``Allocation/none`` while it is opened or reserved.
    var allocation = Allocation.none
    /// What clients and peers see.
    let advertised: TransportAddress
    /// What the socket is bound to.
    let local: TransportAddress
    let transport: RelayEngine.RelayTransport

    static let vacant = Relay(advertised: PeerKey.filler.peer, local: PeerKey.filler.peer, transport: .udp)
}

/// How much may be sent: so many bytes a second, and those of one second at once.
struct ByteBudget {
    private var bytes = 0.0
    private var time: UInt64 = 0

    /// Takes `count` bytes out, if they are there.
    mutating func spend(_ count: Int, rate: Int, at uptime: UInt64) -> Bool {
        let elapsed = Double(min(uptime &- time, 1_000_000_000)) / 1_000_000_000
        bytes = min(Double(rate), bytes + elapsed * Double(rate))
        time = uptime
        guard Double(count) <= bytes else { return false }
        bytes -= Double(count)
        return true
    }
}
