import Locking
import Logging
import NIOCore
import NIOPosix
import STUN
import Testing

@testable import TURN
@testable import TURNServer

@Suite(.timeLimit(.minutes(1))) struct PeerConnectionsTests {
    private static let relay = RelayReference(engine: 0, relay: RelayID(index: 1), generation: 1)
    private static let loopback = IPAddress(ipv4: 0x7F00_0001)
    private static let id = PeerConnectionID(number: 0x0102_0300)

    /// A client with a ConnectionBind request in place, and what its peers do.
    private struct Setting {
        let test: TestListeners
        let peers: PeerConnections
        /// What the relay's thread is told about peers.
        let inbox = RecordingInbox()
        let client: TestSocket
        let connection: any StreamClient

        init(_ test: TestListeners, _ group: any EventLoopGroup, bytesPerSecond: Int) async throws {
            self.test = test
            peers = PeerConnections(group: group, bytesPerSecond: bytesPerSecond, logger: Logger(label: "test"))
            client = try test.connect()
            connection = try await test.inbox.connected()
            try client.send(Array(message(.request, .connectionBind).readableBytesView))
            #expect(try await test.inbox.receive(exactly: 20, from: connection).count == 20)
        }

        /// Answers the request and joins.
        func join() throws {
            connection.send(message(.successResponse, .connectionBind))
            peers.join(PeerConnectionsTests.id, with: connection)
            #expect(try client.receive(exactly: 20).count == 20)
        }

        /// A relay that listens, a peer that has connected to it, and the connection known as ``id``.
        func accept() async throws -> TestSocket {
            let port = try listen()
            let peer = try TestSocket(.tcp, to: "127.0.0.1", port: Int(port))
            guard case .peerAccepted(let pending, let address, PeerConnectionsTests.relay) = try await inbox.next()
            else {
                throw RecordingInbox.Silence()
            }
            #expect(address == peer.localAddress)
            peers.admit(pending, as: PeerConnectionsTests.id)
            return peer
        }

        /// Listens on a port that was free a moment ago.
        func listen() throws -> UInt16 {
            while true {
                let port = UInt16.random(in: 49152...65535)
                let address = TransportAddress(ip: PeerConnectionsTests.loopback, port: port)
                guard let failure = peers.listen(PeerConnectionsTests.relay, at: address, for: inbox) else {
                    return port
                }
                guard failure == .portTaken else { throw RecordingInbox.Silence() }
            }
        }

        func expectDisconnected() async throws {
            guard case .peerDisconnected(PeerConnectionsTests.id) = try await inbox.next() else {
                throw RecordingInbox.Silence()
            }
        }
    }

    /// Runs with one loop, on which client and peer meet, and with so many that the peer has to move; `apart`, it has to
    /// in any case.
    private func withSetting(
        loops: Int,
        apart: Bool = false,
        bytesPerSecond: Int = 0,
        _ body: (Setting) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let peers = apart ? MultiThreadedEventLoopGroup(numberOfThreads: loops) : group
        try await TestListeners.run(group: group) { test in
            let setting = try await Setting(test, peers, bytesPerSecond: bytesPerSecond)
            try await body(setting)
            await setting.peers.close()
        }
        try await group.shutdownGracefully()
        if apart { try await peers.shutdownGracefully() }
    }

    @Test(arguments: [1, 2, 3, 4])
    func peersThatConnectAreJoined(loops: Int) async throws {
        try await withSetting(loops: loops) { setting in
            let peer = try await setting.accept()
            // What comes before the client is ready is not lost.
            try peer.send(Array("early".utf8))
            try setting.join()
            #expect(try setting.client.receive(exactly: 5) == Array("early".utf8))
            try setting.client.send([0xFF, 0x00, 0x40])
            #expect(try peer.receive(exactly: 3) == [0xFF, 0x00, 0x40])
            try peer.send([1, 2])
            #expect(try setting.client.receive(exactly: 2) == [1, 2])
        }
    }

    /// Two megabytes at one a second take a second, as the first is free; both ways.
    @Test(arguments: [1, 2], [true, false])
    func theRateHolds(loops: Int, fromClient: Bool) async throws {
        try await withSetting(loops: loops, bytesPerSecond: 1_000_000) { setting in
            let peer = try await setting.accept()
            try setting.join()
            let (sender, receiver) = fromClient ? (setting.client, peer) : (peer, setting.client)
            let start = ContinuousClock.now
            for _ in 0..<40 {
                try sender.send([UInt8](repeating: 7, count: 50_000))
                #expect(try receiver.receive(exactly: 50_000).count == 50_000)
            }
            #expect(ContinuousClock.now - start > .milliseconds(800))
        }
    }

    /// A client may be faster than the loop that is still busy with its peer.
    @Test func peersThatAreJoinedAtOnceAreHeard() async throws {
        // Whether the two are on one loop is left to chance.
        for _ in 0..<16 {
            try await withSetting(loops: 2) { setting in
                let connection = setting.connection
                connection.send(message(.successResponse, .connectionBind))
                setting.inbox.onAccept.withLock { [peers = setting.peers] in
                    $0 = { pending in
                        peers.admit(pending, as: Self.id)
                        peers.join(Self.id, with: connection)
                    }
                }
                let peer = try TestSocket(.tcp, to: "127.0.0.1", port: Int(try setting.listen()))
                try peer.send([1, 2])
                #expect(try setting.client.receive(exactly: 22).suffix(2) == [1, 2])
                try setting.client.send([3])
                #expect(try peer.receive(exactly: 1) == [3])
            }
        }
    }

    /// Each direction ends by itself, and the connection with the second.
    @Test(arguments: [1, 2, 3])
    func halvesEndOneByOne(loops: Int) async throws {
        try await withSetting(loops: loops) { setting in
            let peer = try await setting.accept()
            try setting.join()
            try setting.client.send([1, 2, 3])
            setting.client.endOutput()
            #expect(try peer.receive(exactly: 4) == [1, 2, 3])
            try peer.send([4, 5])
            #expect(try setting.client.receive(exactly: 2) == [4, 5])
            peer.endOutput()
            #expect(try setting.client.receive().isEmpty)
            try await setting.expectDisconnected()
            #expect(try await setting.test.inbox.received() == nil)
        }
    }

    /// A peer that has said all and left before the client came is still heard.
    @Test(arguments: [1, 2, 3])
    func earlyEndsAreKept(loops: Int) async throws {
        try await withSetting(loops: loops) { setting in
            let peer = try await setting.accept()
            try peer.send(Array("all".utf8))
            peer.endOutput()
            try setting.join()
            #expect(try setting.client.receive(exactly: 4) == Array("all".utf8))
            try setting.client.send([9])
            #expect(try peer.receive(exactly: 1) == [9])
        }
    }

    /// Neither side makes the server store what the other does not read.
    @Test(arguments: [1, 2])
    func joinedConnectionsHoldEachOtherBack(loops: Int) async throws {
        try await withSetting(loops: loops) { setting in
            let peer = try await setting.accept()
            try setting.join()
            let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let count = 128
            let sender = TestThread {
                for _ in 0..<count { try setting.client.send(block) }
                setting.client.endOutput()
            }
            var received = 0
            var isSame = true
            while case let bytes = try peer.receive(), !bytes.isEmpty {
                for (offset, byte) in bytes.enumerated() where block[(received + offset) % block.count] != byte {
                    isSame = false
                }
                received += bytes.count
            }
            try sender.join()
            #expect(isSame)
            #expect(received == count * block.count)
        }
    }

    @Test(arguments: [1, 2])
    func abandonedConnectionsCloseTheClient(loops: Int) async throws {
        try await withSetting(loops: loops) { setting in
            let peer = try await setting.accept()
            try setting.join()
            try peer.send([1])
            #expect(try setting.client.receive(exactly: 1) == [1])
            setting.peers.abandon(Self.id)
            #expect(try setting.client.receive().isEmpty)
            #expect(try peer.receive().isEmpty)
            #expect(try await setting.test.inbox.received() == nil)
        }
    }

    @Test(arguments: [1, 2])
    func closedClientsCloseThePeer(loops: Int) async throws {
        try await withSetting(loops: loops) { setting in
            let peer = try await setting.accept()
            try setting.join()
            setting.connection.close()
            #expect(try peer.receive().isEmpty)
            try await setting.expectDisconnected()
        }
    }

    /// Connections to peers leave from the relay's own address, although it listens there.
    @Test(arguments: [1, 2])
    func connectionsLeaveFromTheRelay(loops: Int) async throws {
        try await withSetting(loops: loops) { setting in
            let listener = try TestListener()
            let relay = TransportAddress(ip: Self.loopback, port: try setting.listen())
            setting.peers.connect(Self.id, from: relay, to: listener.address, for: setting.inbox)
            let peer = try listener.accept()
            #expect(peer.remoteAddress == relay)
            guard case .peerConnected(Self.id) = try await setting.inbox.next() else {
                Issue.record("the connection is not told of")
                return
            }
            try setting.join()
            try setting.client.send([7])
            #expect(try peer.receive(exactly: 1) == [7])
            // It listens still.
            _ = try TestSocket(.tcp, to: "127.0.0.1", port: Int(relay.port))
            guard case .peerAccepted = try await setting.inbox.next() else {
                Issue.record("the relay does not listen any more")
                return
            }
        }
    }

    /// A peer that moves has its socket twice for a moment.
    ///
    /// The number of the copy counts: that of the original goes to whoever is next.
    @Test(arguments: [0, 1])
    func aMoveTakesADescriptor(spare: Int) async throws {
        await #expect(processExitsWith: .success) { [spare] in
            var isJoined = false
            // With enough it is refused all the same while libdispatch has a file open.
            for _ in 0..<5 where !isJoined {
                Descriptors.lift()
                isJoined = try await PeerConnectionsTests().isJoined(with: spare)
                if spare == 0 { break }
            }
            precondition(isJoined == (spare > 0))
        }
    }

    /// Whether a peer can move when so many descriptors are left.
    private func isJoined(with spare: Int) async throws -> Bool {
        var isJoined = false
        try await withSetting(loops: 1, apart: true) { setting in
            let peer = try await setting.accept()
            try await Descriptors.warmUp()
            let before = Descriptors.count
            Descriptors.spare(spare)
            try setting.join()
            try? peer.send([1])
            isJoined = try setting.client.receive(exactly: 1) == [1]
            guard !isJoined else { return try await Descriptors.settle(at: before, "after the move") }
            Descriptors.require(try peer.receive().isEmpty)
            try await setting.expectDisconnected()
            try await Descriptors.settle(at: before - 2, "without both connections")
        }
        return isJoined
    }

    @Test func failuresAreTold() async throws {
        try await withSetting(loops: 1) { setting in
            // A port that nobody listens on: it was closed just now.
            let nobody = try TestListener().address
            let relay = TransportAddress(ip: Self.loopback, port: try setting.listen())
            setting.peers.connect(Self.id, from: relay, to: nobody, for: setting.inbox)
            guard case .peerNotConnected(Self.id) = try await setting.inbox.next() else {
                Issue.record("the failure is not told of")
                return
            }
        }
    }

    /// No two relays have the same address, and none has one that somebody else listens on.
    @Test func takenPortsAreTold() async throws {
        try await withSetting(loops: 1) { setting in
            let address = TransportAddress(ip: Self.loopback, port: try setting.listen())
            let other = RelayReference(engine: 1, relay: RelayID(index: 1), generation: 1)
            #expect(setting.peers.listen(other, at: address, for: setting.inbox) == .portTaken)
            let listener = try TestListener()
            #expect(setting.peers.listen(other, at: listener.address, for: setting.inbox) == .portTaken)
            let foreign = TransportAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 50000)
            #expect(setting.peers.listen(other, at: foreign, for: setting.inbox) == .unavailable)
        }
    }

    @Test func peersThatNobodyWantsAreClosed() async throws {
        try await withSetting(loops: 2) { setting in
            let port = try setting.listen()
            let peer = try TestSocket(.tcp, to: "127.0.0.1", port: Int(port))
            guard case .peerAccepted(let pending, _, _) = try await setting.inbox.next() else {
                throw RecordingInbox.Silence()
            }
            setting.peers.admit(pending, as: nil)
            #expect(try peer.receive().isEmpty)
            let second = try TestSocket(.tcp, to: "127.0.0.1", port: Int(port))
            _ = try await setting.inbox.next()
            setting.peers.stopListening(Self.relay)
            #expect(try second.receive().isEmpty)
        }
    }

    /// An error in answer to ConnectionBind leaves the connection what it was, and nothing of the stream is lost.
    @Test func refusedBindsGoOn() async throws {
        try await withSetting(loops: 1) { setting in
            try setting.client.send(bindingRequest())
            // It is the thread that says so: the answer itself is only sent.
            setting.connection.send(message(.errorResponse, .connectionBind))
            #expect(try setting.client.receive(exactly: 20).count == 20)
            setting.connection.notJoined()
            #expect(try await setting.test.inbox.receive(exactly: 20, from: setting.connection).count == 20)
        }
    }
}
