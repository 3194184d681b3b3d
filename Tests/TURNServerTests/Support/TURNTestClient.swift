import NIOCore
import STUN
import TURN
import TURNServer

/// A TURN client on a blocking socket, as simple as can be.
final class TURNTestClient {
    struct Refused: Error, Equatable {
        let code: Int?
    }

    static let user = "user"
    static let password = "secret"

    var user = TURNTestClient.user
    var password = TURNTestClient.password
    private(set) var socket: TestSocket
    /// Its address as peers see it; after ``allocate()``.
    private(set) var relayedAddress: TransportAddress?
    private(set) var ticket: MobilityTicket?
    private var nonce: Nonce?

    init(_ transport: TestSocket.Transport = .udp, to host: String, port: Int) throws {
        socket = try TestSocket(transport, to: host, port: port)
    }

    /// Goes on from another address.
    func move(to host: String, port: Int) throws {
        socket = try TestSocket(.udp, to: host, port: port)
        nonce = nil
    }

    /// Asks for an allocation over UDP.
    func allocate(mobile: Bool = false) throws {
        let answer = try request(.allocate) { writer in
            try writer.append(RequestedTransport.udp)
            if mobile { try writer.append(MobilityTicket([])) }
        }
        let message = try STUNMessage(answer.span)
        relayedAddress = try message.first(XORRelayedAddress.self)?.address
        ticket = try message.first(MobilityTicket.self)
    }

    /// Lets a peer in.
    func permit(_ peer: TransportAddress) throws {
        _ = try request(.createPermission) { try $0.append(XORPeerAddress(peer)) }
    }

    /// Binds a channel.
    func bind(_ channel: UInt16, to peer: TransportAddress) throws {
        _ = try request(.channelBind) { writer in
            try writer.append(ChannelNumber(channel))
            try writer.append(XORPeerAddress(peer))
        }
    }

    /// Keeps the allocation, with a ticket after the client has moved.
    func refresh(with ticket: MobilityTicket? = nil) throws {
        let answer = try request(.refresh) { writer in
            if let ticket { try writer.append(ticket) }
        }
        self.ticket = try STUNMessage(answer.span).first(MobilityTicket.self) ?? self.ticket
    }

    /// Sends data through a channel.
    func send(_ data: [UInt8], channel: UInt16) throws {
        let header = [UInt8(channel >> 8), UInt8(channel & 0xFF), UInt8(data.count >> 8), UInt8(data.count & 0xFF)]
        try socket.send(header + data)
    }

    /// Sends data without a channel.
    func send(_ data: [UInt8], to peer: TransportAddress) throws {
        var indication = STUNMessageWriter(MessageType(.indication, .send), transactionID: .random())
        try indication.append(XORPeerAddress(peer))
        var bytes = Array(buffer: indication.finish())
        bytes += [0x00, 0x13, UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
        bytes += [UInt8](repeating: 0, count: -data.count & 3)
        let length = bytes.count - STUNMessage.headerLength
        bytes[2] = UInt8(length >> 8)
        bytes[3] = UInt8(length & 0xFF)
        try socket.send(bytes)
    }

    /// Sends a signed request, a second time with the nonce that the server demands.
    /// - Returns: The success response.
    func request(_ method: Method, _ body: (inout STUNMessageWriter) throws -> Void) throws -> [UInt8] {
        for _ in 0..<2 {
            let bytes = try socket.ask(makeRequest(method, body))
            let answer = try STUNMessage(bytes.span)
            if answer.type.messageClass == .successResponse { return bytes }
            let code = try answer.first(ErrorCode.self)?.code
            guard code == 401 && self.nonce == nil || code == 438, let nonce = try answer.first(Nonce.self) else {
                throw Refused(code: code)
            }
            self.nonce = nonce
        }
        throw Refused(code: nil)
    }

    private func makeRequest(
        _ method: Method,
        _ body: (inout STUNMessageWriter) throws -> Void
    ) throws -> [UInt8] {
        var writer = STUNMessageWriter(MessageType(.request, method), transactionID: .random())
        try body(&writer)
        if let nonce {
            try writer.append(Username(user))
            try writer.append(Realm("linkup"))
            try writer.append(nonce)
            let key = IntegrityKey.longTermMD5(username: user, realm: "linkup", password: password)
            try writer.appendMessageIntegrity(key: key)
        }
        return Array(buffer: writer.finish())
    }
}

extension TestSocket {
    /// Sends a message and waits for one.
    func ask(_ bytes: [UInt8]) throws -> [UInt8] {
        try send(bytes)
        return try receive()
    }
}

extension TURNServer.Configuration {
    /// A server on loopback with one user, which relays to peers on loopback.
    static func relaying(
        hostname: String? = "127.0.0.1",
        threads: Int = 1,
        mobility: Bool = false,
        relayPeers: PeerPolicy.Reach? = nil
    ) -> TURNServer.Configuration {
        TURNServer.Configuration(
            hostname: hostname,
            port: 0,
            users: [TURNTestClient.user: TURNTestClient.password],
            relayPeers: relayPeers,
            allowedPeers: relayPeers == .ownRelays
                ? [] : ["127.0.0.0/8", "::1", "192.0.2.0/24"],
            allowsTCPRelays: true,
            threads: threads,
            mobility: mobility
        )
    }
}
