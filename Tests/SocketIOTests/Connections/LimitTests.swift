import EngineIO
import NIOCore
import SocketIO
import SocketIOTestKit
import Testing

/// Limits of what a client may do, at the limit and one past it.
@Suite struct LimitTests {
    private let journal = Journal<String>()

    private func fixture(_ configuration: SocketIOServer.Configuration) -> Fixture {
        let fixture = Fixture(configuration)
        fixture.io.onConnection { [journal] socket in
            socket.on("a") { journal.add("a") }
            socket.onDisconnect { reason, description in journal.add("\(reason.rawValue): \(description ?? "")") }
        }
        return fixture
    }

    @Test func eventsPastTheRateAreDropped() async throws {
        let rate = Rate(perSecond: 10, burst: 3)
        let fixture = fixture(.init(eventRateLimit: .init(rate, policy: .drop)))
        // Joining takes the first.
        let client = fixture.join()
        for _ in 0..<2 { client.receive("42[\"a\"]") }
        #expect(journal.entries.count == 2)
        client.receive("42[\"a\"]", "40/late,")
        #expect(journal.takeAll().count == 2)
        #expect(client.takeSent() == [])
        fixture.loop.advance(by: rate.interval)
        client.receive("42[\"a\"]", "42[\"a\"]")
        #expect(journal.entries == ["a"])
        #expect(!client.isClosed)
        let statistics = try await fixture.wait { [io = fixture.io] in await io.statistics() }
        #expect(statistics.eventsRateLimited == 3)
    }

    @Test(arguments: [(2, false), (3, true)])
    func clientsPastTheRateAreDisconnected(count: Int, isClosed: Bool) {
        let fixture = fixture(.init(eventRateLimit: .init(Rate(perSecond: 1, burst: 3))))
        let client = fixture.join()
        for _ in 0..<count { client.receive("42[\"a\"]") }
        #expect(client.isClosed == isClosed)
        let end = "rate limit exceeded: more than 1 events a second, or 3 at once"
        #expect(journal.entries == ["a", "a"] + (isClosed ? [end] : []))
        #expect(fixture.log.entries.contains { $0.contains("limit=1") && $0.contains("burst=3") } == isClosed)
    }

    @Test(arguments: [(10, true), (11, false)])
    func handshakeDataIsBounded(size: Int, isAccepted: Bool) {
        let fixture = fixture(.init(maxAuthBytes: 10))
        _ = fixture.io.of("/b")
        let client = fixture.connect()
        // {"a":"…"} is 8 bytes and the text.
        let auth = "{\"a\":\"" + String(repeating: "x", count: size - 8) + "\"}"
        client.receive(.text("40" + auth), .text("40/b," + auth))
        let refusal = "{\"message\":\"Handshake data too large\"}"
        let answers = client.takeSent()
        #expect((answers == [.text("44" + refusal), .text("44/b," + refusal)]) == !isAccepted)
        let old = fixture.connect(version: .v3)
        _ = old.takeSent()
        old.receive(.text("40/b?" + String(repeating: "x", count: size)))
        #expect(old.takeSent() == [isAccepted ? "40/b," : "44/b,\"Handshake data too large\""])
    }

    @Test func roomsAreBounded() async throws {
        let fixture = fixture(.init(maxRoomsPerSocket: 2))
        let sockets = Journal<Socket>()
        fixture.io.onConnection { sockets.add($0) }
        _ = fixture.join()
        let socket = sockets.entries[0]
        let rooms = fixture.loop.turn {
            socket.join("1")
            socket.join("2")
            socket.join("2")
            socket.join("3")
            fixture.io.socketsJoin("4")
            return socket.rooms
        }
        #expect(rooms == [socket.id, "1", "2"])
        #expect(fixture.log.entries.filter { $0.contains("limit=2") }.count == 2)
        let statistics = try await fixture.wait { [io = fixture.io] in await io.statistics() }
        #expect(statistics.roomsRefused == 2)
        fixture.loop.turn {
            socket.leave("1")
            socket.join("5")
        }
        let moved = fixture.loop.onLoop { socket.rooms }
        #expect(moved == [socket.id, "2", "5"])
    }

    /// A message of 18 bytes with its type, which Engine.IO takes off.
    private static let message = "42[\"a\",\"12345678\"]"

    @Test(arguments: [EventRateLimit.Policy.drop, .disconnect], [2, 3])
    func bytesPastTheRate(policy: EventRateLimit.Policy, count: Int) async throws {
        let size = Self.message.utf8.count - 1
        let bytes = Rate(perSecond: size, burst: size + 2)
        let limit = EventRateLimit(Rate(perSecond: 100), bytes: bytes, policy: policy)
        let fixture = fixture(.init(eventRateLimit: limit))
        let client = fixture.join()
        // Joining takes one byte; the second begins with the last of the burst.
        for _ in 0..<count { client.receive(.text(Self.message)) }
        let isPast = count > 2
        #expect(client.isClosed == (isPast && policy == .disconnect))
        let end = "rate limit exceeded: more than \(size) bytes a second, or \(size + 2) at once"
        #expect(journal.takeAll() == ["a", "a"] + (client.isClosed ? [end] : []))
        let statistics = try await fixture.wait { [io = fixture.io] in await io.statistics() }
        #expect(statistics.eventsRateLimited == (isPast ? 1 : 0))
        guard !client.isClosed else { return }
        fixture.loop.advance(by: .seconds(1))
        client.receive(.text(Self.message))
        #expect(journal.entries == ["a"])
    }

    /// Bytes alone may be limited; small events then pass without end.
    @Test(arguments: [EventRateLimit.Policy.drop, .disconnect])
    func bytesAlone(policy: EventRateLimit.Policy) {
        let limit = EventRateLimit(nil, bytes: Rate(perSecond: 1, burst: 1000), policy: policy)
        let fixture = fixture(.init(eventRateLimit: limit))
        let client = fixture.join()
        for _ in 0..<110 { client.receive(.text("42[\"a\"]")) }
        #expect(journal.takeAll().count == 110 && !client.isClosed)
        for _ in 0..<110 { client.receive(.text("42[\"a\"]")) }
        #expect(client.isClosed == (policy == .disconnect))
        // 6 bytes each, and one to join; the last begins within the burst.
        #expect(journal.takeAll().count == 167 - 110 + (client.isClosed ? 1 : 0))
    }

    /// What is past the limit is not even looked at.
    @Test func bytesPastTheRateAreNotRead() {
        let limit = EventRateLimit(Rate(perSecond: 100), bytes: Rate(perSecond: 1, burst: 10))
        let fixture = fixture(.init(eventRateLimit: limit))
        let client = fixture.join()
        client.receive(.text("42[\"a\",\"1234567890\"]"), "4this is no packet")
        #expect(journal.entries == ["a", "rate limit exceeded: more than 1 bytes a second, or 10 at once"])
    }

    /// Joining and leaving count, so that doing so in turn is bounded.
    @Test(arguments: [EventRateLimit.Policy.drop, .disconnect])
    func joiningAndLeavingCount(policy: EventRateLimit.Policy) async throws {
        let fixture = fixture(.init(eventRateLimit: .init(Rate(perSecond: 1, burst: 4), policy: policy)))
        let client = fixture.join()
        client.receive("41", "40", "41")
        #expect(client.takeSent().count == 1)
        #expect(journal.takeAll().count == 2)
        client.receive("40")
        #expect(client.takeSent() == (policy == .disconnect ? [.closed] : []))
    }

    /// One that leaves has left, even when that comes too often.
    @Test func leavingIsNotDropped() {
        let fixture = fixture(.init(eventRateLimit: .init(Rate(perSecond: 1, burst: 1), policy: .drop)))
        let client = fixture.join()
        client.receive("41")
        #expect(journal.entries == ["client namespace disconnect: "])
    }
}
