import NIOCore
import Testing

@testable import STUN
@testable import TURN

/// Something that the test needs did not come.
struct Missing: Error {}

extension TestRelay {
    /// A host somewhere in the Internet.
    static let peer = TransportAddress(ip: IPAddress(ipv4: 0x0101_0101), port: 7000)
    static let ipv6Peer = TransportAddress(ip: IPAddress(ipv6High: 0x2606_4700_0000_0000, low: 0x1111), port: 7000)

    func flow(_ client: TransportAddress = TestRelay.client(), over listener: ListenerID? = nil) -> FiveTuple {
        FiveTuple(client: client, listener: listener ?? udp)
    }

    /// The socket that is open at an address.
    func socket(at address: TransportAddress?) throws -> RelayID {
        guard let socket = sockets.first(where: { $0.value == address })?.key else { throw Missing() }
        return socket
    }

    /// The only socket that is open.
    func onlySocket() throws -> RelayID {
        #expect(sockets.count == 1)
        return try #require(sockets.first?.key)
    }

    mutating func permit(
        _ peers: TransportAddress...,
        from client: TransportAddress = TestRelay.client(),
        over listener: ListenerID? = nil,
        user: String = "user",
        password: String = "pass"
    ) throws -> TestAnswer? {
        try request(.createPermission, from: client, over: listener, user: user, password: password) { writer in
            for peer in peers { try writer.append(XORPeerAddress(peer)) }
        }
    }

    mutating func bind(
        _ number: UInt16,
        to peer: TransportAddress = TestRelay.peer,
        from client: TransportAddress = TestRelay.client(),
        over listener: ListenerID? = nil
    ) throws -> TestAnswer? {
        try request(.channelBind, from: client, over: listener) { writer in
            try writer.append(ChannelNumber(number))
            try writer.append(XORPeerAddress(peer))
        }
    }

    mutating func refresh(
        _ seconds: UInt32? = nil,
        of family: AddressFamily? = nil,
        from client: TransportAddress = TestRelay.client(),
        over listener: ListenerID? = nil,
        user: String = "user",
        password: String = "pass"
    ) throws -> TestAnswer? {
        try request(.refresh, from: client, over: listener, user: user, password: password) { writer in
            if let seconds { try writer.append(Lifetime(seconds: seconds)) }
            if let family { try writer.append(RequestedAddressFamily(family)) }
        }
    }

    /// Sends to a peer by an indication.
    mutating func send(
        _ payload: [UInt8],
        to peer: TransportAddress = TestRelay.peer,
        from client: TransportAddress = TestRelay.client(),
        over listener: ListenerID? = nil
    ) throws -> RelayEngine.OnReceive {
        let bytes = try Self.makeIndication { writer in
            try writer.append(XORPeerAddress(peer))
            try writer.append(.data, payload)
        }
        return receive(bytes, from: flow(client, over: listener))
    }

    static func makeIndication(
        _ method: STUN.Method = .send,
        _ body: (inout STUNMessageWriter) throws -> Void
    ) rethrows -> [UInt8] {
        var writer = STUNMessageWriter(MessageType(.indication, method), transactionID: .random())
        try body(&writer)
        return Array(buffer: writer.finish())
    }

    /// Sends to the peer of a channel.
    mutating func sendChannelData(
        _ payload: [UInt8],
        _ number: UInt16 = 0x4000,
        from client: TransportAddress = TestRelay.client(),
        over listener: ListenerID? = nil
    ) -> RelayEngine.OnReceive {
        let header = [UInt8(number >> 8), UInt8(number & 0xFF), UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        return receive(header + payload, from: flow(client, over: listener))
    }

    /// What there is of the engine's state, by kind.
    var tables: [String: Int] {
        [
            "allocations": engine.allocationsByClient.count, "permissions": engine.permissionsByHost.count,
            "numbers": engine.bindingsByNumber.count, "peers": engine.bindingsByPeer.count,
            "reservations": engine.reservations.count, "connections": engine.peerConnections.count,
            "forwarding": engine.forwarding.count, "quota": engine.configuration.quotas.count,
        ].filter { $0.value > 0 }
    }
}
