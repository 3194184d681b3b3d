import NIOCore
import STUN
import TURN
import Testing

@testable import TURNServer

@Suite(.timeLimit(.minutes(1))) struct StreamTableTests {
    private static func flow(of client: any StreamClient) -> FiveTuple {
        var engine = RelayEngine(configuration: RelayConfiguration())
        let listener = engine.register(client.transport, at: client.localAddress)
        return FiveTuple(client: client.remoteAddress, listener: listener)
    }

    /// A burst of a peer is cut, not the connection of a client that reads.
    @Test func oneTurnBringsNoMoreThanMayWait() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            let flow = Self.flow(of: client)
            var table = StreamTable()
            table.enter(client, as: flow)
            let data = channelData(64_000)
            let results = (0..<32).map { _ in data.withUnsafeBytes { table.append($0, padding: 0, to: flow) } }
            #expect(results.count { $0 == .queued } == 5)
            #expect(results.count { $0 == .congested } == 27)
            table.flush()
            #expect(try socket.receive(exactly: 5 * data.count) == Array(repeatElement(data, count: 5).joined()))
            // The loop has done what it was told before.
            try await (client as? StreamConnection)?.eventLoop.submit {}.get()
            #expect(test.counters.current.connectionsCongested == 0)
        }
    }

    /// The engine says with each request what a connection needs to hear once.
    @Test func theProofIsToldOnce() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            let flow = Self.flow(of: client)
            var table = StreamTable()
            #expect(table.noteAuthenticated(flow) == nil)
            table.enter(client, as: flow)
            #expect(table.noteAuthenticated(flow) === client)
            #expect(table.noteAuthenticated(flow) == nil)
            // The next with the same addresses is another.
            _ = table.remove(client)
            table.enter(client, as: flow)
            #expect(table.noteAuthenticated(flow) === client)
            _ = socket
        }
    }

    /// Each thread that was handed something of a client has to hear of its end.
    @Test func allThreadsThatKnowAClientAreRemembered() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            let flow = Self.flow(of: client)
            var table = StreamTable()
            table.enter(client, as: flow)
            for thread: UInt8 in [2, 1, 2, 3, 1] { table.noteForwarding(flow, to: thread) }
            #expect(table.remove(client)?.forwardedTo == [2, 1, 3])
            #expect(table.remove(client) == nil)
            _ = socket
        }
    }
}
