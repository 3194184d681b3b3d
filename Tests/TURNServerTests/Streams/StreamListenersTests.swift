import NIOCore
import NIOPosix
import STUN
import TURN
import Testing

import struct Synchronization.Atomic

@testable import TURNServer

@Suite(.timeLimit(.minutes(1))) struct StreamListenersTests {
    /// Whatever pieces the stream arrives in, whole messages reach the thread and nothing else.
    @Test func everySplit() async throws {
        let stream = bindingRequest() + channelData(5) + channelData(0) + bindingRequest()
        try await TestListeners.run { test in
            for cut in 0...stream.count {
                let socket = try test.connect()
                let client = try await test.inbox.connected()
                #expect(client.transport == .tcp)
                #expect(client.remoteAddress == socket.localAddress)
                #expect(client.localAddress.port == UInt16(test.port))
                if cut > 0 { try socket.send(Array(stream[..<cut])) }
                let whole = TURNStreamFraming().receive(stream: Array(stream[..<cut]).span).length
                #expect(try await test.inbox.receive(exactly: whole, from: client) == Array(stream[..<whole]))
                if cut < stream.count { try socket.send(Array(stream[cut...])) }
                let rest = try await test.inbox.receive(exactly: stream.count - whole, from: client)
                #expect(rest == Array(stream[whole...]))
                socket.endOutput()
                guard case .disconnected = try await test.inbox.next() else {
                    Issue.record("the connection is not closed")
                    return
                }
            }
        }
    }

    /// Nothing of a connection stays in memory when it is closed.
    @Test func leavesNothingBehind() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let connection = Weak(try await test.inbox.connected())
            #expect(connection.object != nil)
            socket.endOutput()
            #expect(try await test.inbox.received() == nil)
            // What has told the inbox lets go of it only afterwards; the suite's time limit ends the wait in vain.
            while connection.object != nil, !Task.isCancelled { await Task.yield() }
            #expect(connection.object == nil)
        }
    }

    /// What is not TURN ends the connection, after what came before it has been answered.
    @Test(
        arguments: [
            Array("POST / HTTP/1.1\r\n\r\n".utf8), [0x16, 0x03, 0x01, 0x00, 0xF4, 0x01, 0x00, 0x00],
            [0x80, 0x00, 0x00, 0x00],
            [0x00, 0x01, 0xFF, 0xFC], [0x00, 0x01, 0x00, 0x01], [0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
        ] as [[UInt8]]
    )
    func violations(garbage: [UInt8]) async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            try socket.send(bindingRequest() + garbage)
            let request = try await test.inbox.received()
            #expect(request?.count == 20)
            client.send(message(.successResponse, .binding))
            client.consumed(20)
            #expect(try socket.receive(exactly: 21).count == 20)
            #expect(try await test.inbox.received() == nil)
            #expect(test.counters.current.connectionsInvalid == 1)
        }
    }

    /// Who has proven nothing may send messages of up to 2048 bytes, everybody else what the format can express.
    @Test(arguments: [(false, 2044, true), (false, 2045, false), (true, 65_535, true)])
    func lengths(isAuthenticated: Bool, length: Int, isAccepted: Bool) async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            if isAuthenticated {
                client.sendSuccess()
                #expect(try socket.receive(exactly: 20).count == 20)
            }
            let sent = channelData(length)
            try socket.send(sent)
            #expect(try await test.inbox.receive(exactly: sent.count, from: client) == (isAccepted ? sent : []))
        }
    }

    /// What the thread sends is carried, not read: who has proven who they are is said apart.
    @Test func answersAreNotRead() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            client.send(message(.successResponse, .allocate))
            #expect(try socket.receive(exactly: 20).count == 20)
            try socket.send(channelData(2045))
            #expect(try await test.inbox.received() == nil)
            #expect(test.counters.current.connectionsInvalid == 1)
        }
    }

    /// A byte now and then keeps no connection alive; only messages do.
    @Test func idleConnectionsAreClosed() async throws {
        var limits = StreamLimits()
        limits.idleTimeout = .milliseconds(50)
        try await TestListeners.run(limits) { test in
            let socket = try test.connect()
            // On a busy machine the connection may be closed already.
            try? socket.send([0x00])
            #expect(try socket.receive().isEmpty)
            _ = try await test.inbox.connected()
            #expect(try await test.inbox.received() == nil)
            #expect(test.counters.current.connectionsTimedOut == 1)
        }
    }

    /// Requests without proof keep a connection no longer than the time for proving, a success does.
    @Test func clientsHaveToProveWhoTheyAre() async throws {
        var limits = StreamLimits()
        limits.authenticationTimeout = .milliseconds(100)
        try await TestListeners.run(limits) { test in
            // The friend's success is there when its time begins, however busy the machine is.
            test.inbox.welcomesClients.store(true, ordering: .relaxed)
            let friend = try test.connect()
            _ = try await test.inbox.connected()
            #expect(try friend.receive(exactly: 20).count == 20)
            test.inbox.welcomesClients.store(false, ordering: .relaxed)
            let stranger = try test.connect()
            try await test.inbox.connected().send(message(.successResponse, .binding))
            while try !stranger.receive().isEmpty {}
            #expect(try await test.inbox.received() == nil)
            #expect(test.counters.current.connectionsTimedOut == 1)
            try friend.send(bindingRequest())
            #expect(try await test.inbox.received()?.count == 20)
        }
    }

    /// A thread that handles nothing makes the server read no more than the limit and what one read may bring.
    @Test func readingStopsUntilTheThreadFollows() async throws {
        var limits = StreamLimits()
        limits.unhandledBytes = 8192
        try await TestListeners.run(limits) { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            client.sendSuccess()
            _ = try socket.receive(exactly: 20)
            let block = Array(repeating: bindingRequest(), count: 1000).flatMap { $0 }
            var sent = 0
            while let count = try socket.sendWithoutWaiting(block) {
                sent += count
                // A message that was cut is completed, or the stream could not be followed.
                if count % 20 != 0 { break }
            }
            var read = 0
            while read <= limits.unhandledBytes {
                read += try #require(try await test.inbox.received()).count
            }
            #expect(read <= limits.unhandledBytes + 65_536)
            #expect(sent > read)
            client.consumed(read)
            let rest = sent / 20 * 20 - read
            #expect(try await test.inbox.receive(exactly: rest, from: client).count == rest)
        }
    }

    @Test func whoDoesNotReadIsCongestedAndThenClosed() async throws {
        var limits = StreamLimits()
        limits.stallTimeout = .milliseconds(100)
        try await TestListeners.run(limits) { test in
            let socket = try test.connect(receiveBuffer: 4096)
            let client = try await test.inbox.connected()
            let data = ByteBuffer(bytes: channelData(1200))
            // The buffers of both systems take the first; a relay thread drops what would go over the limit.
            var dropped = 0
            while test.counters.current.connectionsCongested + test.counters.current.connectionsTimedOut == 0 {
                if client.isCongested(besides: 0) { dropped += 1 } else { client.send(data) }
                await Task.yield()
            }
            #expect(dropped > 0)
            #expect(try await test.inbox.received() == nil)
            #expect(test.counters.current.connectionsCongested == 1)
            _ = socket
        }
    }

    /// Somebody who asks and asks and takes no answer costs no more than twice the limit.
    @Test func answersThatNobodyTakesEndTheConnection() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect(receiveBuffer: 4096)
            let client = try await test.inbox.connected()
            let answers = ByteBuffer(bytes: [UInt8](repeating: 0, count: 65_536))
            var sent = 0
            while sent < 1000, test.counters.current.connectionsCongested == 0 {
                client.send(answers)
                sent += 1
                await Task.yield()
            }
            #expect(try await test.inbox.received() == nil)
            #expect(test.counters.current.connectionsCongested == 1)
            _ = socket
        }
    }

    @Test func everythingSentLeavesBeforeTheEnd() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            let data = [UInt8](repeating: 1, count: 200_000)
            client.send(ByteBuffer(bytes: data))
            client.close()
            #expect(try socket.receive(exactly: 200_001).count == 200_000)
            #expect(try await test.inbox.received() == nil)
        }
    }

    /// A client that has ended its input still gets its answers.
    @Test func halfClosedConnectionsAreAnswered() async throws {
        try await TestListeners.run { test in
            let socket = try test.connect()
            let client = try await test.inbox.connected()
            try socket.send(bindingRequest())
            socket.endOutput()
            #expect(try await test.inbox.received()?.count == 20)
            client.send(message(.successResponse, .binding))
            client.consumed(20)
            #expect(try socket.receive(exactly: 21).count == 20)
        }
    }

    @Test func connectionsAreLimited() async throws {
        var limits = StreamLimits()
        limits.connections = 2
        try await TestListeners.run(limits) { test in
            let first = try test.connect()
            _ = try await test.inbox.connected()
            do {
                let second = try test.connect()
                _ = try await test.inbox.connected()
                let third = try test.connect()
                #expect(try third.receive().isEmpty)
                #expect(test.counters.current.connectionsRefused == 1)
                second.endOutput()
                #expect(try second.receive().isEmpty)
            }
            #expect(try await test.inbox.received() == nil)
            let next = try test.connect()
            _ = try await test.inbox.connected()
            _ = (first, next)
        }
    }

    @Test func closingEndsConnectionsAndListeners() async throws {
        let test = try await TestListeners()
        let socket = try test.connect()
        _ = try await test.inbox.connected()
        await test.listeners.close()
        #expect(try socket.receive().isEmpty)
        #expect(throws: TestSocket.Failure.self) { _ = try test.connect() }
        #expect(try await test.inbox.received() == nil)
    }
}

/// A reference that keeps nothing alive.
private struct Weak {
    weak var object: (any StreamClient)?

    init(_ object: any StreamClient) {
        self.object = object
    }
}
