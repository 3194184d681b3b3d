import EngineIO
import Foundation
import Locking
import SocketIO
import SocketIOTestKit
import TestSupport
import Testing

@testable import LinkUpServer

@Suite
struct RoomServiceTests {
    private let io: SocketIOServer
    private let loop = ManualLoop()
    private let folder: TemporaryFolder
    private let keys = RoomKeys(secret: Data(repeating: 7, count: 32))
    private let service: RoomService
    private let departed = Log()

    /// Whose credentials were ended.
    private final class Log: Sendable {
        let users = Mutex<[String]>([])
    }

    init() throws {
        let io = SocketIOServer()
        self.io = io
        folder = try TemporaryFolder()
        let store = try SQLiteMessageStore(path: folder.path("chat.sqlite")) { message, room in
            RoomService.announce(message, in: room, of: io.of("/room"))
        }
        service = RoomService(
            namespace: io.of("/room"),
            store: store,
            keys: keys,
            iceServers: ICEServers(turnPort: 3478),
            limits: ClientLimits(),
            onDeparture: { [departed] user in departed.users.withLock { $0.append(user) } },
            time: { 1000 }
        )
        service.serve()
    }

    private struct Joined: Decodable {
        struct Member: Decodable, Equatable {
            struct Call: Decodable, Equatable {
                var stay: String
                var audio: Bool
            }

            var id: String
            var name: String
            var role: String
            var away: Bool
            var hand: Int
            var call: Call?
        }

        struct Call: Decodable, Equatable {
            struct Refusal: Decodable, Equatable {
                var code: String
            }

            var forgottenBy: [String]?
            var error: Refusal?
        }

        var id: String
        var key: String
        var members: [Member]
        var memberCount: Int
        var lastNumber: Int64
        var more: Bool
        var call: Call?
        var iceServers: [[String: [String]]]?
        var epoch: Int64

        private enum CodingKeys: String, CodingKey {
            case id = "self"
            case key
            case members
            case memberCount
            case lastNumber
            case more
            case call
            case iceServers
            case epoch
        }
    }

    private func client(host: String? = "localhost:3000", address: String = "192.0.2.1") -> FakeClient {
        FakeClient("/room", of: io, on: loop, host: host, address: address)
    }

    private func request(_ room: String, _ name: String, key: String?, stay: String?) -> String {
        let key = key.map { #","key":"\#($0)""# } ?? ""
        let call = stay.map { #","call":{"stay":"\#($0)","audio":true,"video":false,"screen":false}"# } ?? ""
        return #"{"room":"\#(room)","name":"\#(name)","version":1\#(key)\#(call)}"#
    }

    private func join(
        _ client: FakeClient,
        room: String = "lobby",
        name: String = "Ada",
        key: String? = nil,
        stay: String? = nil
    ) async throws -> Joined {
        let answers = await client.requestLater("join", request(room, name, key: key, stay: stay))
        let answer = try #require(answers.first { $0.hasPrefix("[{") })
        return try JSONDecoder().decode([Joined].self, from: Data(answer.utf8))[0]
    }

    /// The names of the events that came.
    private func events(_ client: FakeClient) -> [String] {
        client.take().map { packet in String(packet.dropFirst(2).prefix { $0 != "\"" }) }
    }

    @Test
    func joins() async throws {
        let (ada, bob) = (client(), client(host: "[::1]:80"))
        let first = try await join(ada, stay: "s1")
        #expect(
            first.members == [
                .init(
                    id: first.id,
                    name: "Ada",
                    role: "host",
                    away: false,
                    hand: 0,
                    call: .init(stay: "s1", audio: true)
                )
            ]
        )
        #expect(first.iceServers == [["urls": ["stun:localhost:3478"]]])
        #expect(first.epoch == 1000 && first.memberCount == 1 && first.lastNumber == 0 && !first.more)
        #expect(first.call == .init(forgottenBy: [], error: nil))
        #expect(keys.verify(first.key, room: try RoomName("lobby")) == MemberID(first.id))
        _ = ada.take()
        let second = try await join(bob, name: "Bob")
        #expect(second.iceServers == nil && second.call == nil && second.epoch == 1001)
        #expect(second.members.map(\.name) == ["Ada", "Bob"])
        let told = ada.take()
        #expect(told.count == 1 && told[0].hasPrefix(#"["member",{"#) && told[0].contains(second.id))
    }

    @Test
    func otherVersionsAreRefused() throws {
        let answer = client().request("join", #"{"room":"lobby","name":"Ada","version":2}"#)
        #expect(answer.joined().contains(#""code":"version""#) && answer.joined().contains(#""limit":1"#))
    }

    @Test
    func aJoinThatIsRefusedChangesNothing() async throws {
        let (ada, bob, cat) = (client(), client(), client())
        _ = try await join(ada)
        _ = try await join(bob, room: "kitchen")
        _ = try await join(cat, room: "kitchen")
        #expect(bob.request("lock", #"{"locked":true}"#).contains("[{}]"))
        _ = (ada.take(), bob.take(), cat.take())
        let refused = await ada.requestLater("join", request("kitchen", "Ada", key: nil, stay: nil))
        #expect(refused == [#"[{"error":{"code":"locked"}}]"#])
        // Still in the lobby, and hears nothing of the kitchen.
        #expect(ada.request("typing", #"{"active":true}"#) == ["[{}]"])
        #expect(bob.request("typing", #"{"active":true}"#) == ["[{}]"])
        #expect(events(ada) == [])
        #expect(events(cat) == ["typing"])
    }

    @Test
    func twoJoinsAtOnceHaveOneOutcome() async throws {
        let ada = client()
        let answers = await ada.requestTogether(
            ("join", request("lobby", "Ada", key: nil, stay: nil)),
            ("join", request("kitchen", "Ada", key: nil, stay: nil))
        )
        #expect(answers.count == 2 && answers[0] == #"2[{"error":{"code":"busy"}}]"#)
        #expect(answers.last?.hasPrefix("1[") == true && answers.last?.contains(#""name":"lobby""#) == true)
    }

    @Test
    func aLeaveEndsAJoin() async throws {
        let ada = client()
        let answers = await ada.requestTogether(
            ("join", request("lobby", "Ada", key: nil, stay: nil)),
            ("leave", "{}")
        )
        #expect(answers == ["2[{}]", #"1[{"error":{"code":"not-joined"}}]"#])
    }

    @Test
    func passesSignalsOnUnread() async throws {
        let (ada, bob) = (client(), client())
        let first = try await join(ada, stay: "a")
        let second = try await join(bob, stay: "b")
        _ = (ada.take(), bob.take())
        let payload = #"{ "epoch" : 4, "candidate":{"sdpMid":"0"} , "of tomorrow":[1e0] }"#
        #expect(bob.request("signal", #""\#(first.id)",\#(payload)"#) == ["[{}]"])
        #expect(ada.take() == [#"["signal","\#(second.id)",\#(payload)]"#])
        for (arguments, code) in [
            (#""nobody",{}"#, "unknown-member"), (#""\#(first.id)",[]"#, "bad-request"),
            (#""\#(first.id)""#, "bad-request"),
            ("7,{}", "bad-request"), (#""\#(first.id)","text""#, "bad-request"),
        ] {
            #expect(bob.request("signal", arguments).joined().contains(#""code":"\#(code)""#))
        }
        ada.connection.bufferedBytes = Limits.waitingBytes + 1
        #expect(bob.request("signal", #""\#(first.id)",{}"#).joined().contains("peer-busy"))
        #expect(ada.take() == [])
    }

    @Test
    func waitsForWhoLostTheConnection() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(ada, stay: "a")
        let second = try await join(bob, stay: "b")
        loop.advance(by: Limits.settling)
        _ = ada.take()
        bob.disconnect()
        let away = ada.take()
        #expect(away.count == 1 && away[0].contains(#""away":true"#))
        loop.advance(by: .seconds(29.9))
        let again = client()
        #expect(try await join(again, key: second.key, stay: "b").id == second.id)
        #expect(events(ada) == ["member"])
        loop.advance(by: .seconds(60))
        #expect(ada.take() == [] && departed.users.withLock { $0 }.isEmpty)
        again.disconnect()
        loop.advance(by: .seconds(30))
        let left = try #require(ada.take().last)
        #expect(left.hasPrefix(#"["member-left",{"#) && left.contains(second.id) && left.contains(#""reason":"lost""#))
        #expect(departed.users.withLock { $0 }.count == 1)
    }

    @Test
    func aGoodbyeMustProveWhoItIs() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(ada)
        let second = try await join(bob)
        loop.advance(by: Limits.settling)
        _ = ada.take()
        let socket = try #require(bob.socketID)
        for (room, key, connection) in [
            ("kitchen", second.key, socket), ("lobby", "forged.key", socket), ("lobby", second.key, "another"),
        ] {
            service.pageCloses(room, key: key, connection: connection)
            loop.turn()
            #expect(ada.take() == [])
        }
        service.pageCloses("lobby", key: second.key, connection: socket)
        loop.turn()
        #expect(events(ada) == ["member"])
        loop.advance(by: Limits.reload)
        #expect(events(ada) == ["member-left"])
    }

    @Test
    func tellsEverybodyWhatIsSaid() async throws {
        let (ada, bob, eve) = (client(), client(), client())
        let first = try await join(ada)
        _ = try await join(bob)
        _ = try await join(eve, room: "elsewhere")
        _ = (ada.take(), bob.take(), eve.take())
        let said = await ada.requestLater("say", #"{"text":"hello","key":"k"}"#).joined()
        #expect(said.contains(#""text":"hello""#) && said.contains(#""author":"\#(first.id)""#))
        #expect(events(bob) == ["message"] && events(eve) == [])
        // Another member's key is another one; the same text, and the same member, are the same message.
        #expect(await ada.requestLater("say", #"{"text":"other","key":"k"}"#).joined().contains("bad-request"))
        #expect(events(bob) == [])
    }

    @Test
    func whoIsPutOutHearsNothingAnyMore() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(ada)
        let second = try await join(bob)
        _ = bob.take()
        #expect(ada.request("remove", #"{"id":"\#(second.id)"}"#).contains("[{}]"))
        #expect(events(bob) == ["denied"])
        _ = ada.request("typing", #"{"active":true}"#)
        #expect(events(bob) == [])
        #expect(bob.request("typing", #"{"active":true}"#).joined().contains("not-joined"))
        let again = await bob.requestLater("join", request("lobby", "Bob", key: second.key, stay: nil))
        #expect(again == [#"[{"error":{"code":"denied"}}]"#])
    }

    @Test
    func whoWaitsComesInWithItsKey() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(ada)
        #expect(ada.request("settings", #"{"waiting":true}"#).contains("[{}]"))
        let answer = await bob.requestLater("join", request("lobby", "Bob", key: nil, stay: nil)).joined()
        #expect(answer.contains(#""waiting":true"#))
        let key = String(try #require(answer.firstMatch(of: /"key":"([^"]+)"/)).1)
        // Nobody hears a room before it is in.
        _ = ada.take()
        _ = ada.request("typing", #"{"active":true}"#)
        #expect(bob.take() == [])
        let id = try #require(key.split(separator: ".").first)
        _ = ada.request("admit", #"{"id":"\#(id)"}"#)
        #expect(events(bob) == ["admitted"])
        #expect(try await join(bob, name: "Bob", key: key).id == id)
    }
}
