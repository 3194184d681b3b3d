import NIOCore
import STUN

/// Sends a packet through a relayed address and one back.
struct RelayProbe {
    /// How the packets went.
    enum Way: String, Encodable, Sendable {
        /// From one relayed address of the server to another.
        case relayToRelay = "relay-to-relay"
        /// From the relayed address to a socket of this machine.
        case relayToClient = "relay-to-client"
    }

    /// The channel that is bound: the first.
    static let channel: UInt16 = 0x4000

    let target: ServerSocket.Target
    let loop: any EventLoop
    let timeout: Duration
    /// Makes a second client as the first was made.
    let makeClient: (ServerSocket) -> TURNClient

    /// Tries the ways in turn; the second needs no other allocation, but a way between server and this machine.
    /// - Parameters:
    ///   - client: A client that has an allocation.
    ///   - relayed: Its relayed address.
    /// - Returns: The way that worked, and how long it took there and back.
    /// - Throws: ``CheckFailure``, that of the first way unless the second tells more.
    func run(
        _ client: inout TURNClient,
        at relayed: TransportAddress
    ) async throws(CheckFailure) -> Timed<Way> {
        let first: CheckFailure
        do throws(CheckFailure) {
            return Timed(value: .relayToRelay, duration: try await relayToRelay(&client, at: relayed))
        } catch {
            first = error
        }
        do throws(CheckFailure) {
            return Timed(value: .relayToClient, duration: try await relayToClient(&client, at: relayed))
        } catch {
            throw Self.moreTelling(first, error)
        }
    }

    /// Why the server refuses a peer says more than that nothing came, or that it gives no second address.
    private static func moreTelling(_ first: CheckFailure, _ second: CheckFailure) -> CheckFailure {
        switch (first, second) {
        case (.refused(.allocate, _, _, _), .refused), (.notRelayed, .refused): second
        default: first
        }
    }

    private func relayToRelay(
        _ client: inout TURNClient,
        at relayed: TransportAddress
    ) async throws(CheckFailure) -> Duration {
        let socket = try await ServerSocket.connect(to: target, on: loop, timeout: timeout)
        var other = makeClient(socket)
        do throws(CheckFailure) {
            let duration = try await exchange(&client, at: relayed, with: &other)
            await other.release()
            await socket.close()
            return duration
        } catch {
            await other.release()
            await socket.close()
            throw error
        }
    }

    /// An indication there, ChannelData back: the ways in which clients send.
    private func exchange(
        _ client: inout TURNClient,
        at relayed: TransportAddress,
        with other: inout TURNClient
    ) async throws(CheckFailure) -> Duration {
        let otherRelayed = try await other.allocate().value.relayedAddress
        try await client.permit(otherRelayed)
        try await other.bindChannel(Self.channel, to: relayed)
        let (there, back) = (Self.makePayload(), Self.makePayload())
        let indication = TURNClient.makeIndication(to: otherRelayed, there)
        let outward = try await other.socket.receive(there, timeout: timeout) { [socket = client.socket] in
            socket.post(indication)
        }
        let channelData = TURNClient.makeChannelData(Self.channel, back)
        let homeward = try await client.socket.receive(back, timeout: timeout) { [socket = other.socket] in
            socket.post(channelData)
        }
        return outward + homeward
    }

    private func relayToClient(
        _ client: inout TURNClient,
        at relayed: TransportAddress
    ) async throws(CheckFailure) -> Duration {
        let peer = try await ServerSocket.openPeer(of: target.address, on: loop)
        do throws(CheckFailure) {
            let duration = try await exchange(&client, at: relayed, withPeer: peer)
            await peer.close()
            return duration
        } catch {
            await peer.close()
            throw error
        }
    }

    private func exchange(
        _ client: inout TURNClient,
        at relayed: TransportAddress,
        withPeer peer: ServerSocket
    ) async throws(CheckFailure) -> Duration {
        let mapped = try await makeClient(peer).bind().value
        guard mapped.family == relayed.family,
            let destination = try? SocketAddress(ipAddress: "\(relayed.ip)", port: Int(relayed.port))
        else { throw .notRelayed }
        try await client.permit(mapped)
        let (there, back) = (Self.makePayload(), Self.makePayload())
        // The peer begins: that opens the NAT in front of it, if there is one.
        let homeward = try await client.socket.receive(back, timeout: timeout) { peer.post(back, to: destination) }
        let indication = TURNClient.makeIndication(to: mapped, there)
        let outward = try await peer.receive(there, timeout: timeout) { [socket = client.socket] in
            socket.post(indication)
        }
        return outward + homeward
    }

    /// 32 random bytes that are no STUN and no ChannelData.
    private static func makePayload() -> ByteBuffer {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<31).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return ByteBuffer(bytes: [0xFF] + bytes)
    }
}
