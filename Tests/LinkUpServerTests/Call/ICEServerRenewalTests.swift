import Foundation
import Locking
import SocketIO
import SocketIOTestKit
import TURN
import TestSupport
import Testing

@testable import LinkUpServer

@Suite
struct ICEServerRenewalTests {
    private let io = SocketIOServer()
    private let loop = ManualLoop()
    private let folder: TemporaryFolder
    private let store: SQLiteMessageStore
    private let interval = Duration.seconds(3.5 * 3600)

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteMessageStore(path: folder.path("chat.sqlite")) { _, _ in }
        let start = loop.now
        serve(io) { [loop] in (loop.now - start).components.seconds * 1000 }
    }

    private func serve(_ io: SocketIOServer, time: @escaping @Sendable () -> Int64) {
        RoomService(
            namespace: io.of("/room"),
            store: store,
            keys: RoomKeys(secret: Data(repeating: 7, count: 32)),
            iceServers: ICEServers(turnPort: 1, credentials: TimeLimitedCredentials(secrets: ["s"])),
            limits: ClientLimits(),
            time: time
        )
        .serve()
    }

    private struct Servers: Decodable {
        struct Server: Decodable {
            var urls: [String]
            var username: String?
            var credential: String?
        }

        var id: String?
        var key: String?
        var iceServers: [Server]

        private enum CodingKeys: String, CodingKey {
            case id = "self"
            case key
            case iceServers
        }
    }

    private func client() -> FakeClient {
        FakeClient("/room", of: io, on: loop)
    }

    private func join(
        _ client: FakeClient,
        room: String = "lobby",
        key: String? = nil,
        stay: String = "stay"
    ) async throws -> Servers {
        let member = key.map { #","key":"\#($0)""# } ?? ""
        let call = #""call":{"stay":"\#(stay)","audio":true,"video":true,"screen":false}"#
        let answers = await client.requestLater(
            "join",
            #"{"room":"\#(room)","name":"Ada","version":1,\#(call)\#(member)}"#
        )
        let answer = try #require(answers.first { $0.hasPrefix("[{") })
        return try JSONDecoder().decode([Servers].self, from: Data(answer.utf8))[0]
    }

    /// The servers of each `ice-servers` that came.
    private func news(_ client: FakeClient) throws -> [Servers] {
        try client.take().filter { $0.hasPrefix(#"["ice-servers","#) }.map { packet in
            let argument = packet.dropFirst(#"["ice-servers","#.utf8.count).dropLast()
            return try JSONDecoder().decode(Servers.self, from: Data(argument.utf8))
        }
    }

    @Test
    func everyJoinGetsFreshCredentials() async throws {
        let (ada, bob) = (client(), client())
        let first = try await join(ada)
        #expect(first.iceServers.map(\.urls.count) == [1, 2])
        #expect(first.iceServers[1].username?.hasPrefix("14400:") == true)
        loop.advance(by: .seconds(100))
        let second = try await join(bob)
        #expect(second.iceServers[1].username?.hasPrefix("14500:") == true)
        #expect(second.iceServers[1].credential != first.iceServers[1].credential)
    }

    @Test
    func newCredentialsComeBeforeTheOldOnesEnd() async throws {
        let ada = client()
        let joined = try await join(ada)
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).isEmpty)
        for round in 1...3 {
            loop.advance(by: round == 1 ? .seconds(1) : interval)
            let news = try news(ada)
            #expect(news.count == 1)
            let (old, new) = (joined.iceServers[1], try #require(news.first?.iceServers.last))
            #expect(new.urls == old.urls)
            let user = try #require(old.username?.split(separator: ":").last)
            #expect(new.username == "\(14_400 + round * 12_600):\(user)")
            #expect(new.credential != old.credential)
        }
    }

    @Test
    func nobodyElseIsTold() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(ada)
        loop.advance(by: .seconds(1))
        _ = try await join(bob)
        _ = ada.take()
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).count == 1)
        #expect(try news(bob).isEmpty)
    }

    @Test
    func joiningAgainBeginsAnew() async throws {
        let ada = client()
        let first = try await join(ada)
        loop.advance(by: interval - .seconds(1))
        let second = try await join(ada, room: "kitchen")
        #expect(second.id != first.id)
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).isEmpty)
        loop.advance(by: .seconds(1))
        let username = try #require(try news(ada).first?.iceServers.last?.username)
        let user = try #require(second.iceServers.last?.username?.split(separator: ":").last)
        #expect(username.hasSuffix(":\(user)"))
    }

    @Test
    func whoLeftIsNotTold() async throws {
        let ada = client()
        _ = try await join(ada)
        #expect(ada.request("leave", "{}") == ["[{}]"])
        loop.advance(by: interval)
        #expect(try news(ada).isEmpty)
        #expect(loop.timerCount == 0)
    }

    @Test
    func whoWasReplacedIsNotTold() async throws {
        let (ada, again) = (client(), client())
        let key = try #require(try await join(ada).key)
        _ = try await join(again, key: key, stay: "other")
        loop.advance(by: interval)
        #expect(try news(ada).isEmpty)
        #expect(try news(again).count == 1)
    }

    @Test
    func nothingIsLeftOfALostConnection() async throws {
        let ada = client()
        _ = try await join(ada)
        #expect(loop.timerCount == 1)
        loop.advance(by: Limits.settling)
        ada.disconnect()
        #expect(loop.timerCount == 1)
        loop.advance(by: Limits.grace)
        #expect(loop.timerCount == 0)
    }

    @Test
    func aJoinThatIsRefusedChangesNothing() async throws {
        let ada = client()
        _ = try await join(ada)
        #expect(ada.request("join", #"{"room":"a b","name":"Ada","version":1}"#).joined().contains("bad-request"))
        loop.advance(by: interval)
        #expect(try news(ada).count == 1)
    }

    /// The timer goes by the loop's clock: what is done to the time of day neither hurries nor holds it.
    @Test(arguments: [-172_800_000, 172_800_000] as [Int64])
    func aClockThatJumpsChangesNothing(jump: Int64) async throws {
        let jumped = Mutex<Int64>(1_700_000_000_000)
        let io = SocketIOServer()
        serve(io) { jumped.withLock { $0 } }
        let ada = FakeClient("/room", of: io, on: loop)
        _ = try await join(ada)
        jumped.withLock { $0 += jump }
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).isEmpty)
        loop.advance(by: .seconds(1))
        let name = try #require(try news(ada).first?.iceServers.last?.username)
        #expect(name.hasPrefix("\((1_700_000_000_000 + jump) / 1000 + 14_400):"))
    }
}
