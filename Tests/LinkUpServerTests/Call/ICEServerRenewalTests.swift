import Foundation
import Locking
import SocketIO
import TURN
import Testing

@testable import LinkUpServer

@Suite
struct ICEServerRenewalTests {
    private let io = SocketIOServer()
    private let loop = ManualLoop()
    private let keys = ResumeKeys(secret: Data(repeating: 7, count: 32))
    private let interval = Duration.seconds(3.5 * 3600)

    init() {
        let iceServers = ICEServers(turnPort: 1, credentials: TimeLimitedCredentials(secrets: ["s"]))
        let start = loop.now
        CallService(keys: keys, iceServers: iceServers, limits: ClientLimits()) { [loop] in
            (loop.now - start).components.seconds * 1000
        }
        .serve(io.of("/call"))
    }

    private struct Servers: Decodable {
        struct Server: Decodable {
            var urls: [String]
            var username: String?
            var credential: String?
        }

        var id: String?
        var resumeKey: String?
        var iceServers: [Server]

        private enum CodingKeys: String, CodingKey {
            case id = "self"
            case resumeKey
            case iceServers
        }
    }

    private func client() -> FakeClient {
        FakeClient("/call", of: io, on: loop)
    }

    private func join(_ client: FakeClient, room: String = "lobby", resume: String? = nil) throws -> Servers {
        let member = resume.map { #","resume":"\#($0)""# } ?? ""
        let answer = client.request("join", #"{"room":"\#(room)","name":"Ada"\#(member)}"#).first
        return try JSONDecoder().decode([Servers].self, from: Data(try #require(answer).utf8))[0]
    }

    /// The servers of each `ice-servers` that came.
    private func news(_ client: FakeClient) throws -> [Servers] {
        try client.take().filter { $0.hasPrefix(#"["ice-servers","#) }.map { packet in
            let argument = packet.dropFirst(#"["ice-servers","#.utf8.count).dropLast()
            return try JSONDecoder().decode(Servers.self, from: Data(argument.utf8))
        }
    }

    @Test
    func everyJoinGetsFreshCredentials() throws {
        let (ada, bob) = (client(), client())
        let first = try join(ada)
        #expect(first.iceServers.map(\.urls.count) == [1, 2])
        #expect(first.iceServers[1].username == "14400:\(try #require(first.id))")
        loop.advance(by: .seconds(100))
        let second = try join(bob)
        #expect(second.iceServers[1].username == "14500:\(try #require(second.id))")
        #expect(second.iceServers[1].credential != first.iceServers[1].credential)
    }

    @Test
    func newCredentialsComeBeforeTheOldOnesEnd() throws {
        let ada = client()
        let joined = try join(ada)
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).isEmpty)
        for round in 1...3 {
            loop.advance(by: round == 1 ? .seconds(1) : interval)
            let news = try news(ada)
            #expect(news.count == 1)
            let (old, new) = (joined.iceServers[1], try #require(news.first?.iceServers.last))
            #expect(new.urls == old.urls)
            #expect(new.username == "\(14_400 + round * 12_600):\(try #require(joined.id))")
            #expect(new.credential != old.credential)
        }
    }

    @Test
    func nobodyElseIsTold() throws {
        let (ada, bob) = (client(), client())
        _ = try join(ada)
        loop.advance(by: .seconds(1))
        _ = try join(bob)
        _ = ada.take()
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).count == 1)
        #expect(try news(bob).isEmpty)
    }

    @Test
    func joiningAgainBeginsAnew() throws {
        let ada = client()
        let first = try join(ada)
        loop.advance(by: interval - .seconds(1))
        let second = try join(ada, room: "kitchen")
        #expect(second.id != first.id)
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).isEmpty)
        loop.advance(by: .seconds(1))
        let username = try #require(try news(ada).first?.iceServers.last?.username)
        #expect(username.hasSuffix(":\(try #require(second.id))"))
    }

    @Test
    func whoLeftIsNotTold() throws {
        let ada = client()
        _ = try join(ada)
        #expect(ada.request("leave", "{}") == ["[{}]"])
        loop.advance(by: interval)
        #expect(try news(ada).isEmpty)
        #expect(loop.timerCount == 0)
    }

    @Test
    func whoWasReplacedIsNotTold() throws {
        let (ada, again) = (client(), client())
        let key = try #require(try join(ada).resumeKey)
        _ = try join(again, resume: key)
        loop.advance(by: interval)
        #expect(try news(ada).isEmpty)
        #expect(try news(again).count == 1)
    }

    @Test
    func nothingIsLeftOfALostConnection() throws {
        let ada = client()
        _ = try join(ada)
        #expect(loop.timerCount == 1)
        loop.advance(by: Limits.settling)
        ada.disconnect()
        #expect(loop.timerCount == 1)
        loop.advance(by: Limits.grace)
        #expect(loop.timerCount == 0)
    }

    @Test
    func aJoinThatIsRefusedChangesNothing() throws {
        let ada = client()
        _ = try join(ada)
        #expect(ada.request("join", #"{"room":"a b","name":"Ada"}"#).joined().contains("bad-request"))
        loop.advance(by: interval)
        #expect(try news(ada).count == 1)
    }

    /// The timer goes by the loop's clock: what is done to the time of day neither hurries nor holds it.
    @Test(arguments: [-172_800_000, 172_800_000] as [Int64])
    func aClockThatJumpsChangesNothing(jump: Int64) throws {
        let jumped = Mutex<Int64>(1_700_000_000_000)
        let servers = ICEServers(turnPort: 1, credentials: TimeLimitedCredentials(secrets: ["s"]))
        let io = SocketIOServer()
        CallService(keys: keys, iceServers: servers, limits: ClientLimits()) { jumped.withLock { $0 } }
            .serve(io.of("/call"))
        let ada = FakeClient("/call", of: io, on: loop)
        _ = try join(ada)
        jumped.withLock { $0 += jump }
        loop.advance(by: interval - .seconds(1))
        #expect(try news(ada).isEmpty)
        loop.advance(by: .seconds(1))
        let name = try #require(try news(ada).first?.iceServers.last?.username)
        #expect(name.hasPrefix("\((1_700_000_000_000 + jump) / 1000 + 14_400):"))
    }
}
