import Glibc
import NIOCore
import STUN
import TURN
import Testing

@testable import TURNServer

/// Real datagrams through real sockets, with what Linux alone has and without.
@Suite(.timeLimit(.minutes(1))) struct RelayingTests {
    private static let lengths = [200, 0, 1, 1200, 1200, 1200, 300, 1452, 1453, 9000, 65_000, 3, 1200, 1200]

    /// An allocation, and a peer of it that knows where to send to.
    private func makePair(_ host: String = "127.0.0.1", port: Int) throws -> (TURNTestClient, TestSocket) {
        let client = try TURNTestClient(to: host, port: port)
        try client.allocate()
        let relayed = try #require(client.relayedAddress)
        return (client, try TestSocket(.udp, to: "\(relayed.ip)", port: Int(relayed.port)))
    }

    private func payload(_ number: Int, length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
    }

    /// What goes out together arrives whole and in order, whatever its lengths.
    @Test(arguments: [false, true], ["127.0.0.1", "::1"])
    func channelDataPassesBothWays(isPortable: Bool, host: String) async throws {
        try await withServer(.relaying(hostname: host), isPortable: isPortable) { server, port in
            let (client, peer) = try makePair(host, port: port)
            try client.bind(0x4000, to: try #require(peer.localAddress))
            let before = server.counters
            for (number, length) in Self.lengths.enumerated() {
                try client.send(payload(number, length: length), channel: 0x4000)
            }
            for (number, length) in Self.lengths.enumerated() {
                #expect(try peer.receive() == payload(number, length: length))
            }
            for (number, length) in Self.lengths.enumerated() {
                try peer.send(payload(number, length: length))
            }
            for (number, length) in Self.lengths.enumerated() {
                let header = [0x40, 0x00, UInt8(length >> 8), UInt8(length & 0xFF)]
                #expect(try client.socket.receive() == header + payload(number, length: length))
            }
            let counters = server.counters
            #expect(counters.datagramsToPeers - before.datagramsToPeers == Self.lengths.count)
            #expect(counters.datagramsToClients == Self.lengths.count)
            #expect(counters.bytesToPeers == Self.lengths.reduce(0, +))
            #expect(counters.bytesToClients == Self.lengths.reduce(0, +))
            #expect(counters.undelivered == 0)
            #expect(counters.allocations == 1)
            #expect(counters.relays == 1)
        }
    }

    @Test(arguments: [false, true])
    func indicationsPassBothWays(isPortable: Bool) async throws {
        try await withServer(.relaying(), isPortable: isPortable) { _, port in
            let (client, peer) = try makePair(port: port)
            let address = try #require(peer.localAddress)
            try client.permit(address)
            for number in 0..<40 {
                try client.send(payload(number, length: 100 + number), to: address)
            }
            for number in 0..<40 {
                #expect(try peer.receive() == payload(number, length: 100 + number))
                try peer.send(payload(number, length: number))
            }
            for number in 0..<40 {
                let bytes = try client.socket.receive()
                let message = try STUNMessage(bytes.span)
                #expect(message.type == MessageType(.indication, .data))
                #expect(try message.first(XORPeerAddress.self)?.address == address)
                // The data comes last, and is padded.
                let padded = (number + 3) / 4 * 4
                #expect(Array(bytes.suffix(padded).prefix(number)) == payload(number, length: number))
            }
        }
    }

    /// What the kernel hands over in one piece is as many datagrams as it was, with their own headers and padding.
    @Test(arguments: [false, true], [200, 101])
    func joinedDatagramsAreTakenApart(isPortable: Bool, length: Int) async throws {
        try await withServer(.relaying(), isPortable: isPortable) { server, port in
            let (client, peer) = try makePair(port: port)
            try client.bind(0x4000, to: try #require(peer.localAddress))
            let stranger = try TestSocket(.udp, to: "127.0.0.1", port: Int(try #require(client.relayedAddress).port))
            let payloads = (0..<40).map { payload($0, length: length) } + [payload(40, length: 7)]
            try client.socket.cutSends(into: CInt(length + 4))
            try client.socket.send(payloads.flatMap { [0x40, 0, 0, UInt8($0.count)] + $0 })
            for payload in payloads {
                #expect(try peer.receive() == payload)
            }
            for sender in [peer, stranger] {
                try sender.cutSends(into: CInt(length))
                try sender.send(Array(payloads.joined()))
            }
            // A channel admits its peer, and the permission that came with it everybody on the host.
            var received: [[[UInt8]]] = [[], []]
            while received.map(\.count).reduce(0, +) < 2 * payloads.count {
                let bytes = try client.socket.receive()
                if bytes[0] == 0x40 {
                    #expect(Array(bytes[..<4]) == [0x40, 0, 0, UInt8(bytes.count - 4)])
                    received[0].append(Array(bytes[4...]))
                } else {
                    let message = try STUNMessage(bytes.span)
                    #expect(try message.first(XORPeerAddress.self)?.address == stranger.localAddress)
                    received[1].append(try #require(data(in: bytes)))
                }
            }
            #expect(received == [payloads, payloads])
            #expect(server.counters.datagramsToPeers == payloads.count)
            #expect(server.counters.datagramsToClients == 2 * payloads.count)
        }
    }

    /// The value of DATA, if it comes behind an IPv4 XOR-PEER-ADDRESS.
    private func data(in indication: [UInt8]) -> [UInt8]? {
        guard indication.count >= 36, indication[32] == 0x00, indication[33] == 0x13 else { return nil }
        let length = Int(indication[34]) << 8 | Int(indication[35])
        guard indication.count == 36 + (length + 3) / 4 * 4 else { return nil }
        return Array(indication[36..<(36 + length)])
    }

    /// With a socket for all addresses, what peers send leaves from the address that the client wrote to as well.
    @Test(arguments: [false, true])
    func dataComesFromTheAddressAsked(isPortable: Bool) async throws {
        var configuration = TURNServer.Configuration.relaying(hostname: nil)
        let loopback = try #require(IPAddress("127.0.0.1"))
        configuration.relayAddresses = [.init(publicAddress: loopback)]
        try await withServer(configuration, isPortable: isPortable) { _, port in
            let pairs = try ["127.0.0.2", "127.0.0.3", "127.0.0.2"].map { try makePair($0, port: port) }
            for (client, peer) in pairs {
                try client.bind(0x4FFF, to: try #require(peer.localAddress))
            }
            for (client, peer) in pairs {
                try client.send([1, 2, 3], channel: 0x4FFF)
                #expect(try peer.receive() == [1, 2, 3])
                try peer.send([4, 5])
            }
            for (client, _) in pairs {
                #expect(try client.socket.receive() == [0x4F, 0xFF, 0, 2, 4, 5])
            }
        }
    }

    /// Peers who are not there, or can't be reached, cost nobody else a datagram.
    @Test(arguments: [false, true])
    func unreachablePeersHarmNobody(isPortable: Bool) async throws {
        try await withServer(.relaying(), isPortable: isPortable) { server, port in
            let (client, peer) = try makePair(port: port)
            let address = try #require(peer.localAddress)
            // Nobody is at a port that was just given up, and 192.0.2.0/24 (RFC 5737) can't be reached from 127.0.0.1.
            let gone = try #require(try TestSocket(.udp, to: "127.0.0.1", port: port).localAddress)
            let nowhere = TransportAddress(ip: try #require(IPAddress("192.0.2.1")), port: 9)
            try client.bind(0x4000, to: address)
            try client.bind(0x4001, to: gone)
            try client.bind(0x4002, to: nowhere)
            for number in 0..<100 {
                try client.send([1], channel: 0x4001)
                try client.send([2], channel: 0x4002)
                try client.send([UInt8(number)], channel: 0x4000)
                if number.isMultiple(of: 5) {
                    // What comes back meets the errors of what went out.
                    try peer.send([UInt8(number)])
                }
            }
            for number in 0..<100 {
                #expect(try peer.receive() == [UInt8(number)])
            }
            var fromPeer: [UInt8] = []
            while fromPeer.count < 20 {
                let bytes = try client.socket.receive()
                if bytes[0] == 0x40 { fromPeer.append(bytes[4]) }
            }
            #expect(fromPeer == (0..<20).map { UInt8(5 * $0) })
            // The last batch is counted after it has left.
            while server.counters.undelivered < 100 {
                await Task.yield()
            }
        }
    }

    /// The network's word about a peer reaches the client (RFC 8656 §11.5).
    @Test func refusalsAreReported() async throws {
        try await withServer(.relaying()) { server, port in
            let (client, _) = try makePair(port: port)
            let gone = try #require(try TestSocket(.udp, to: "127.0.0.1", port: port).localAddress)
            try client.permit(gone)
            try client.send([1], to: gone)
            let bytes = try client.socket.receive()
            let message = try STUNMessage(bytes.span)
            #expect(message.type == MessageType(.indication, .data))
            #expect(try message.first(XORPeerAddress.self)?.address == gone)
            let icmp = try #require(try message.first(ICMP.self))
            #expect(icmp.icmpType == 3)
            #expect(icmp.code == 3)
            #expect(server.counters.peersUnreachable == 1)
        }
    }

    /// Whichever thread the system gives a client to, it is served; and the port is one for all.
    @Test(arguments: [1, 2, 4], [PeerPolicy.Reach.public, .ownRelays])
    func clientsOfAllThreadsAreServed(threads: Int, reach: PeerPolicy.Reach) async throws {
        try await withServer(.relaying(threads: threads, relayPeers: reach)) { server, port in
            let clients = try (0..<24).map { _ in try makePair(port: port).0 }
            let addresses = try clients.map { try #require($0.relayedAddress) }
            // Each sends to the next one's relayed address.
            for (index, client) in clients.enumerated() {
                let next = addresses[(index + 1) % clients.count]
                let previous = addresses[(index + clients.count - 1) % clients.count]
                try client.bind(0x4001, to: next)
                try client.bind(0x4002, to: previous)
            }
            for (index, client) in clients.enumerated() {
                try client.send([UInt8(index)], channel: 0x4001)
            }
            for (index, client) in clients.enumerated() {
                let previous = UInt8((index + clients.count - 1) % clients.count)
                #expect(try client.socket.receive() == [0x40, 0x02, 0, 1, previous])
            }
            #expect(server.counters.allocations == clients.count)
        }
    }

    /// Relays at different addresses of the machine reach each other.
    @Test(arguments: [["127.0.0.1", "127.0.0.2"], ["127.0.0.1", "127.0.0.1"], ["::1", "::1"]])
    func relaysOfAllAddressesReachEachOther(hosts: [String]) async throws {
        var configuration = TURNServer.Configuration.relaying(hostname: nil, threads: 2, relayPeers: .ownRelays)
        configuration.relayAddresses = Set(hosts).sorted().compactMap { IPAddress($0) }.map {
            .init(publicAddress: $0, localAddress: $0)
        }
        try await withServer(configuration) { _, port in
            let clients = try hosts.map { try TURNTestClient(to: $0, port: port) }
            for client in clients { try client.allocate() }
            let addresses = try clients.map { try #require($0.relayedAddress) }
            #expect(addresses.map { "\($0.ip)" } == hosts)
            try clients[0].bind(0x4000, to: addresses[1])
            try clients[1].bind(0x4001, to: addresses[0])
            for round in 0..<4 {
                let sender = round % 2
                try clients[sender].send([UInt8(round)], channel: sender == 0 ? 0x4000 : 0x4001)
                let channel: UInt8 = sender == 0 ? 0x01 : 0x00
                #expect(try clients[1 - sender].socket.receive() == [0x40, channel, 0, 1, UInt8(round)])
            }
        }
    }

    /// Another program's socket that gets the port of a relay which has ended is sent nothing, and its answers reach
    /// nobody.
    @Test(arguments: ["127.0.0.1", "::1"])
    func theNextToHaveAPortHearsNothing(host: String) async throws {
        try await withServer(.relaying(hostname: host, threads: 2, relayPeers: .ownRelays)) { server, port in
            let first = try TURNTestClient(to: host, port: port)
            let second = try TURNTestClient(to: host, port: port)
            for client in [first, second] { try client.allocate() }
            let address = try #require(second.relayedAddress)
            try first.bind(0x4000, to: address)
            _ = try second.request(.refresh) { try $0.append(Lifetime(seconds: 0)) }
            while server.counters.relays > 1 { await Task.yield() }
            let relayed = try #require(first.relayedAddress)
            let stranger = try TestSocket(.udp, from: address, to: "\(relayed.ip)", port: Int(relayed.port))
            try first.send([1], channel: 0x4000)
            try stranger.send([2])
            // What comes after is answered, and nothing came before.
            #expect(try isAnswered(first.socket))
            while server.counters.dropped.values.reduce(0, +) < 2 { await Task.yield() }
            #expect(!stranger.hasInput && !first.socket.hasInput)
        }
    }

    /// Whose credentials are revoked loses its allocations on all threads, and gets no other.
    @Test(arguments: [true, false])
    func revokedUsersAreOut(byName: Bool) async throws {
        var configuration = TURNServer.Configuration.relaying(threads: 4)
        configuration.users = [:]
        let credentials = TimeLimitedCredentials(secrets: ["secret"])
        configuration.secrets = ["secret"]
        try await withServer(configuration) { server, port in
            let (user, password) = credentials.issue(for: "kim", until: UInt32.max)
            func makeClient() throws -> TURNTestClient {
                let client = try TURNTestClient(to: "127.0.0.1", port: port)
                (client.user, client.password) = (user, password)
                return client
            }
            let clients = try (0..<16).map { _ in try makeClient() }
            for client in clients { try client.allocate() }
            #expect(server.counters.allocations == 16)
            if byName { server.revoke(username: user) } else { server.revoke(userID: "kim") }
            while server.counters.allocations > 0 { await Task.yield() }
            #expect(throws: TURNTestClient.Refused(code: 401)) { try makeClient().allocate() }
        }
    }

    /// A client that comes back from another address may be another thread's: its messages find the right one.
    @Test func movedClientsAreForwarded() async throws {
        try await withServer(.relaying(threads: 4, mobility: true)) { server, port in
            let client = try TURNTestClient(to: "127.0.0.1", port: port)
            try client.allocate(mobile: true)
            let relayed = try #require(client.relayedAddress)
            let peer = try TestSocket(.udp, to: "\(relayed.ip)", port: Int(relayed.port))
            try client.bind(0x4000, to: try #require(peer.localAddress))
            // Of four threads three are others.
            for number in 0..<16 {
                try client.move(to: "127.0.0.1", port: port)
                try client.refresh(with: client.ticket)
                try client.send([UInt8(number)], channel: 0x4000)
                #expect(try peer.receive() == [UInt8(number)])
                try peer.send([7])
                #expect(try client.socket.receive() == [0x40, 0x00, 0, 1, 7])
            }
            #expect(server.counters.forwarded > 0)
            #expect(server.counters.allocations == 1)
        }
    }

    /// Nothing stays open after a server has ended, with allocations and connections.
    @Test func closingClosesEveryDescriptor() async throws {
        await #expect(processExitsWith: .success) {
            var counts: [Int] = []
            // The first round makes what the process keeps: the loops of SwiftNIO.
            for _ in 0..<3 {
                let server = try TURNServer(configuration: .relaying(threads: 2))
                let port = try await server.bind().port
                var clients: [TURNTestClient] = []
                for transport in [TestSocket.Transport.udp, .udp, .udp, .tcp] {
                    let client = try TURNTestClient(transport, to: "127.0.0.1", port: port)
                    try client.allocate()
                    clients.append(client)
                }
                precondition(server.counters.allocations == 4)
                await server.close()
                precondition(server.counters.allocations == 0)
                clients = []
                counts.append(openDescriptors())
            }
            precondition(counts[1] == counts[2], "descriptors stay open: \(counts)")
        }
    }

    /// When the descriptors that are not kept are used up, an allocation is refused with 508, and goes through when
    /// another has ended.
    @Test func relaysLeaveTheReserveAlone() async throws {
        await #expect(processExitsWith: .success) {
            // What other tests had open when this process began is open here as well.
            let last = (0..<CInt(4096)).last { fcntl($0, F_GETFD) >= 0 } ?? 0
            let count = 2 * rlim_t(last) + 128
            var limit = rlimit(rlim_cur: count, rlim_max: count)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            var configuration = TURNServer.Configuration.relaying()
            (configuration.userQuota, configuration.totalQuota) = (0, 0)
            let server = try TURNServer(configuration: configuration)
            let port = try await server.bind().port
            var clients: [TURNTestClient] = []
            var refusal: TURNTestClient.Refused?
            while refusal == nil, clients.count < count {
                let client = try TURNTestClient(to: "127.0.0.1", port: port)
                do throws(any Error) {
                    try client.allocate()
                    clients.append(client)
                } catch {
                    refusal = error as? TURNTestClient.Refused
                }
            }
            precondition(refusal?.code == 508 && !clients.isEmpty, "\(clients.count) allocations")
            // A quarter is kept, up to 128; the last client's socket may be among these.
            let kept = min(count / 4, 128)
            precondition(openDescriptors() <= Int(count - kept) + 1, "\(openDescriptors()) descriptors")
            _ = try clients[0].request(.refresh) { try $0.append(Lifetime(seconds: 0)) }
            clients.removeFirst()
            let next = try TURNTestClient(to: "127.0.0.1", port: port)
            try next.allocate()
            await server.close()
        }
    }

    /// Whoever closes a server may do so at any moment, and a server that could not start is closed by itself.
    @Test(arguments: [false, true])
    func nothingStaysOpenOfAServerThatDidNotStart(listensOnTCP: Bool) async throws {
        await #expect(processExitsWith: .success) { [listensOnTCP] in
            // The first round makes what the process keeps.
            try await closeWhileBinding(listensOnTCP: listensOnTCP, after: 0)
            let count = openDescriptors()
            for round in 1..<40 {
                try await closeWhileBinding(listensOnTCP: listensOnTCP, after: round)
            }
            // A loop of SwiftNIO may hold the last server for a moment.
            while openDescriptors() > count { await Task.yield() }
        }
    }
}

/// Closes a server while it starts, a little later each time.
private func closeWhileBinding(listensOnTCP: Bool, after yields: Int) async throws {
    var configuration = TURNServer.Configuration.relaying(threads: 2)
    configuration.listensOnTCP = listensOnTCP
    let server = try TURNServer(configuration: configuration)
    async let ports = try? server.bind()
    for _ in 0..<yields { await Task.yield() }
    await server.close()
    _ = await ports
    precondition(server.addresses.isEmpty)
}

/// How many descriptors the process has.
private func openDescriptors() -> Int {
    (0..<4096).count { fcntl($0, F_GETFD) >= 0 }
}
