import NIOCore
public import STUN

/// A TCP connection between a relay and a peer (RFC 6062).
struct PeerConnection {
    enum State {
        /// The system connects; the client's Connect request waits for the answer.
        case connecting(RequestContext)
        /// No client's connection has been joined with it yet.
        case waiting
        /// Joined with a connection of the client's.
        case joined(FiveTuple)
    }

    let allocation: UInt32
    let peer: TransportAddress
    var state: State
}

extension RelayEngine {
    /// How long a connection waits for the client's ConnectionBind, in seconds (RFC 6062 §5.2, §5.3).
    private static let bindTime = 30

    /// RFC 6062 §5.2.
    mutating func connect(
        _ slot: UInt32,
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) throws(STUNError) -> OnReceive {
        guard allocations[slot].transport == .tcp, let peer = try message.first(XORPeerAddress.self)?.address else {
            return refuse(context, .badRequest)
        }
        let connections = peerConnections.values.filter { $0.allocation == slot }
        guard !connections.contains(where: { $0.peer == peer }) else {
            return refuse(context, .connectionAlreadyExists)
        }
        if let error = refusal(of: peer, slot) { return refuse(context, error) }
        guard connections.count < configuration.maximumPeerConnections,
            let relay = allocations[slot].relay(of: peer.family)
        else { return refuse(context, .insufficientCapacity) }
        let connection = enter(PeerConnection(allocation: slot, peer: peer, state: .connecting(context)))
        put(.connect(connection, from: relay, to: destination(of: peer)))
        return .done
    }

    /// A connection that ``Output/connect(_:from:to:)`` asked for is open (RFC 6062 §5.2).
    public mutating func peerConnected(_ connection: PeerConnectionID, at now: Moment) {
        guard case .connecting(let context) = peerConnections[connection]?.state else {
            put(.abandon(connection))
            return
        }
        peerConnections[connection]?.state = .waiting
        schedule(.peerConnection(connection), at: now.uptime(after: Self.bindTime))
        let response = makeAnswer(.successResponse, context) { writer throws(STUNError) in
            try writer.append(ConnectionID(connection.number))
        }
        put(.send(to: context.client, response))
    }

    /// A connection that ``Output/connect(_:from:to:)`` asked for failed, or did not come about within 30 s.
    public mutating func peerNotConnected(_ connection: PeerConnectionID) {
        guard case .connecting(let context) = peerConnections.removeValue(forKey: connection)?.state else { return }
        put(.send(to: context.client, makeRefusal(context, .connectionTimeoutOrFailure)))
    }

    /// A peer has connected to a relay that listens (RFC 6062 §5.3).
    /// - Returns: How the connection is called from here on; `nil` if it is to be closed.
    public mutating func peerAccepted(
        from source: TransportAddress,
        on relay: RelayID,
        at now: Moment
    ) -> PeerConnectionID? {
        let slot = relays[relay.index].allocation
        let peer = clientsName(of: source)
        guard slot != Allocation.none, hasPermission(slot, for: peer, at: now) else { return nil }
        let connections = peerConnections.values.filter { $0.allocation == slot }
        guard connections.count < configuration.maximumPeerConnections,
            !connections.contains(where: { $0.peer == peer })
        else { return nil }
        let connection = enter(PeerConnection(allocation: slot, peer: peer, state: .waiting))
        schedule(.peerConnection(connection), at: now.uptime(after: Self.bindTime))
        let type = MessageType(.indication, .connectionAttempt)
        var writer = STUNMessageWriter(type, transactionID: indicationIDs.next())
        do throws(STUNError) {
            try writer.append(ConnectionID(connection.number))
            try writer.append(XORPeerAddress(peer))
        } catch {
            preconditionFailure("an indication with two attributes fits a message")
        }
        put(.send(to: allocations[slot].client, writer.finish()))
        return connection
    }

    /// RFC 6062 §5.4: the connection that the request came by is joined with that of the peer.
    mutating func bindConnection(
        _ message: borrowing STUNMessage,
        _ context: RequestContext,
        at now: Moment
    ) throws(STUNError) -> OnReceive {
        guard listeners[Int(context.client.listener.index)].transport != .udp,
            let number = try message.first(ConnectionID.self)?.id
        else { return refuse(context, .badRequest) }
        let engine = Int(number & 0xFF)
        guard engine == index else {
            // Not remembered: behind the answer come the peer's bytes.
            guard engine < engines, context.forwarder == nil else { return refuse(context, .badRequest) }
            return .forward(to: UInt8(engine))
        }
        let connection = PeerConnectionID(number: number)
        guard allocationsByClient[context.client] == nil, let entry = peerConnections[connection],
            case .waiting = entry.state
        else { return refuse(context, .badRequest) }
        guard owners[Int(entry.allocation)]?.username == context.identity.username else {
            return refuse(context, .wrongCredentials)
        }
        guard peerConnection(joinedWith: context.client) == nil else { return refuse(context, .badRequest) }
        peerConnections[connection]?.state = .joined(context.client)
        put(.join(connection, context.client))
        return succeed(context)
    }

    /// Tells whoever serves the connection on which a ConnectionBind request came that nothing has come of it.
    mutating func noteIfNotJoined(_ client: FiveTuple, _ result: OnReceive) {
        switch result {
        // The engine that has the peer's connection says what comes of it.
        case .forward: return
        case .answer where answerKind == .success: return
        default: if isOnConnection(client) { put(.notJoined(client)) }
        }
    }

    /// A connection with a peer has ended, joined or not.
    public mutating func peerDisconnected(_ connection: PeerConnectionID) {
        peerConnections[connection] = nil
    }

    /// Closes a connection that was not joined in time.
    mutating func giveUp(_ connection: PeerConnectionID) {
        guard case .waiting = peerConnections[connection]?.state else { return }
        peerConnections[connection] = nil
        put(.abandon(connection))
    }

    /// RFC 6062 §5.1: connections with peers end with their allocation, or with its address of their family.
    mutating func endConnections(of slot: UInt32, _ family: AddressFamily? = nil) {
        guard allocations[slot].transport == .tcp else { return }
        for (connection, entry) in peerConnections
        where entry.allocation == slot && (family == nil || entry.peer.family == family) {
            peerConnections[connection] = nil
            put(.abandon(connection))
        }
    }

    /// The client has closed the connection that was joined with a peer's.
    mutating func clientOfPeerDisconnected(_ client: FiveTuple) {
        guard let connection = peerConnection(joinedWith: client) else { return }
        peerConnections[connection] = nil
        put(.abandon(connection))
    }

    private func peerConnection(joinedWith client: FiveTuple) -> PeerConnectionID? {
        peerConnections.first { _, entry in
            if case .joined(client) = entry.state { true } else { false }
        }?.key
    }

    private mutating func enter(_ connection: PeerConnection) -> PeerConnectionID {
        var id: PeerConnectionID
        repeat {
            id = PeerConnectionID(number: UInt32.random(in: 0...(.max)) & ~0xFF | UInt32(index))
        } while peerConnections[id] != nil
        peerConnections[id] = connection
        return id
    }
}
