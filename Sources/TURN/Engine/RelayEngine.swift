public import NIOCore
public import STUN

/// A TURN server without sockets: allocations, permissions, channels, and what passes through them (RFC 8656).
///
/// One engine belongs to one thread. The driver feeds it what arrives and does what the answers say; after each call
/// that may have changed something it drains ``nextOutput()``. Engines of one server share nothing but credentials,
/// quotas and the knowledge of each other's indices.
public struct RelayEngine: ~Copyable {
    /// The length of the space in front of a peer's payload in which a header is written: that of a Data indication
    /// with an IPv6 address.
    public static let headroom = 48

    /// The answer to the last request, after ``OnReceive/answer``.
    public private(set) var answer = ByteBuffer()

    let configuration: RelayConfiguration
    /// Which of the server's engines this is.
    public let index: UInt8

    /// Makes an engine without allocations.
    public init(configuration: RelayConfiguration, index: UInt8 = 0) {
        self.configuration = configuration
        self.index = index
    }

    /// Makes a listener known, or finds it again.
    /// - Parameters:
    ///   - transport: What it accepts.
    ///   - address: The address that clients send to: of a socket for all addresses, the one that a datagram was sent to.
    /// - Returns: Its number.
    public mutating func register(_ transport: ClientTransport, at address: TransportAddress) -> ListenerID {
        ListenerID(index: 0)
    }

    /// Takes a datagram, or a message that was cut from a stream, from a client.
    public mutating func receive(_ bytes: Span<UInt8>, from client: FiveTuple, at now: Moment) -> OnReceive {
        .done
    }

    /// The socket that ``OnReceive/open(_:at:_:)`` asked for is open.
    public mutating func relayOpened(at now: Moment) -> OnReceive { .done }

    /// The socket that ``OnReceive/open(_:at:_:)`` asked for could not be opened.
    public mutating func relayNotOpened(_ failure: OpenFailure, at now: Moment) -> OnReceive { .done }

    /// Takes a datagram from a peer.
    /// - Parameters:
    ///   - payloadLength: How long the datagram is.
    ///   - peer: Where it came from.
    ///   - relay: Where it arrived.
    ///   - header: The ``headroom`` bytes in front of the payload; the header is written at their end.
    ///   - now: The time.
    /// - Returns: Where to send it.
    public mutating func receive(
        payloadLength: Int,
        from peer: TransportAddress,
        on relay: RelayID,
        header: inout MutableSpan<UInt8>,
        at now: Moment
    ) -> OnPeerDatagram { .drop(.noRelay) }

    /// The network says that a datagram to a peer did not arrive (RFC 8656 §11.5).
    /// - Parameters:
    ///   - peer: Where it was sent.
    ///   - relay: Where it was sent from.
    ///   - type: The ICMP type.
    ///   - code: The ICMP code.
    ///   - data: The next hop's MTU, or 0.
    ///   - now: The time.
    public mutating func peerUnreachable(
        _ peer: TransportAddress,
        from relay: RelayID,
        type: UInt8,
        code: UInt8,
        data: UInt32,
        at now: Moment
    ) {}

    /// A client's connection is closed: its allocation ends with it.
    public mutating func clientDisconnected(_ client: FiveTuple, at now: Moment) {}

    /// Forgets that the messages of a flow go to another engine.
    public mutating func stopForwarding(_ client: FiveTuple) {}

    /// Ends what has reached its end; to be called when ``nextDeadline`` has passed.
    public mutating func timeout(at now: Moment) {}

    /// When ``timeout(at:)`` is to be called, as uptime in nanoseconds; `nil` for never.
    public var nextDeadline: UInt64? { nil }

    /// What to do next besides; `nil` when all is done.
    public mutating func nextOutput() -> Output? { nil }
}

extension RelayEngine {
    /// A connection that a ``Output/connect(_:from:to:)`` asked for is open.
    public mutating func peerConnected(_ connection: PeerConnectionID, at now: Moment) {}

    /// A connection that ``Output/connect(_:from:to:)`` asked for failed, or did not come about within 30 s.
    public mutating func peerNotConnected(_ connection: PeerConnectionID, at now: Moment) {}

    /// A peer has connected to a relay that listens.
    /// - Returns: How the connection is called from here on; `nil` if it is to be closed.
    public mutating func peerAccepted(
        from peer: TransportAddress,
        on relay: RelayID,
        at now: Moment
    ) -> PeerConnectionID? { nil }

    /// A connection with a peer has ended, joined or not.
    public mutating func peerDisconnected(_ connection: PeerConnectionID) {}
}
