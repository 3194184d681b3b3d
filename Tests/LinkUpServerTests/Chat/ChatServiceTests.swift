import EngineIO
import Foundation
import SocketIO
import Testing

@testable import LinkUpServer

@Suite
struct ChatServiceTests {
    private let io: SocketIOServer
    private let loop = ManualLoop()
    private let folder: TemporaryFolder
    private let limits = ClientLimits()
    private let store: SQLiteMessageStore

    init() throws {
        let io = SocketIOServer()
        self.io = io
        folder = try TemporaryFolder()
        let store = try SQLiteMessageStore(path: folder.path("chat.sqlite")) {
            ChatService.announce($0, of: $1, in: io.of("/chat"))
        }
        self.store = store
        let keys = ResumeKeys(secret: Data(repeating: 7, count: 32))
        ChatService(store: store, keys: keys, limits: limits) { 1000 }.serve(io.of("/chat"))
    }

    private struct Joined: Decodable {
        struct Person: Decodable, Equatable {
            var id: String
            var name: String
        }

        var id: String
        var people: [Person]
        var peopleCount: Int
        var messages: [ChatMessage]
        var more: Bool
        var resumeKey: String

        private enum CodingKeys: String, CodingKey {
            case id = "self"
            case people
            case peopleCount
            case messages
            case more
            case resumeKey
        }
    }

    private struct Said: Decodable {
        var message: ChatMessage
    }

    private func client(address: String = "192.0.2.1") -> FakeClient {
        FakeClient("/chat", of: io, on: loop, address: address)
    }

    private func answer<Result: Decodable>(_ type: Result.Type, in packets: [String]) throws -> Result {
        let text = try #require(packets.first { $0.hasPrefix("[{") })
        return try JSONDecoder().decode([Result].self, from: Data(text.utf8))[0]
    }

    private func join(
        _ client: FakeClient,
        room: String = "lobby",
        name: String = "Ada",
        resume: String? = nil
    ) async throws -> Joined {
        let member = resume.map { #","resume":"\#($0)""# } ?? ""
        let packets = await client.requestLater("join", #"{"room":"\#(room)","name":"\#(name)"\#(member)}"#)
        return try answer(Joined.self, in: packets)
    }

    private func say(_ client: FakeClient, _ text: String, key: String? = nil) async throws -> ChatMessage {
        let member = key.map { #","key":"\#($0)""# } ?? ""
        let packets = await client.requestLater("say", #"{"text":"\#(text)"\#(member)}"#)
        return try answer(Said.self, in: packets).message
    }

    @Test
    func joinsAndTellsTheOthers() async throws {
        let (ada, bob) = (client(), client())
        let first = try await join(ada)
        #expect(first.people == [.init(id: first.id, name: "Ada")])
        #expect(first.messages.isEmpty && !first.more)
        let second = try await join(bob, name: " Bob ")
        #expect(second.people.map(\.name) == ["Ada", "Bob"])
        let events = ada.take()
        #expect(events.count == 1 && events[0].hasPrefix(#"["person-joined",{"#) && events[0].contains(second.id))
        bob.disconnect()
        #expect(ada.take() == [#"["person-left",{"id":"\#(second.id)"}]"#])
    }

    @Test
    func storesThenSendsThenAcknowledges() async throws {
        let (ada, bob, eve) = (client(), client(), client())
        let first = try await join(ada)
        _ = try await join(bob)
        _ = try await join(eve, room: "elsewhere")
        _ = (ada.take(), bob.take())
        let message = try await say(ada, "hello", key: "k")
        let expected = ChatMessage(
            Message(number: 1, author: first.id, name: "Ada", text: "hello", time: 1000, key: "k"),
            in: try RoomName("lobby")
        )
        #expect(message == expected)
        let events = bob.take()
        #expect(events.count == 1 && events[0].hasPrefix(#"["message",{"#) && events[0].contains(#""text":"hello""#))
        #expect(eve.take() == [] && ada.take() == [])
        #expect(try await say(ada, "hello", key: "k") == message)
        #expect(bob.take() == [])
        #expect(try await join(client()).messages == [message])
    }

    @Test
    func pagesThroughTheHistory() async throws {
        let ada = client()
        _ = try await join(ada)
        for index in 0..<3 {
            loop.advance(by: .seconds(1))
            _ = try await say(ada, "\(index)")
        }
        struct Page: Decodable {
            var messages: [ChatMessage]
            var more: Bool
        }
        let page = try answer(Page.self, in: await ada.requestLater("history", #"{"before":3,"limit":1}"#))
        #expect(page.messages.map(\.text) == ["1"])
        #expect(page.more)
    }

    @Test
    func leavesOneRoomForAnother() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(ada)
        let second = try await join(bob)
        _ = ada.take()
        #expect(try await join(bob, room: "kitchen").people.count == 1)
        #expect(ada.take() == [#"["person-left",{"id":"\#(second.id)"}]"#])
        #expect(bob.request("leave", "{}") == ["[{}]"])
        #expect(bob.request("typing", #"{"active":true}"#).joined().contains("not-joined"))
    }

    @Test
    func tellsWhoTypes() async throws {
        let (ada, bob) = (client(), client())
        _ = (try await join(ada), try await join(bob, name: "Bob"))
        _ = ada.take()
        #expect(bob.request("typing", #"{"active":true}"#) == ["[{}]"])
        let events = ada.take()
        #expect(events.count == 1 && events[0].hasPrefix(#"["typing",{"#) && events[0].contains(#""active":true"#))
        #expect(bob.take() == [])
    }

    @Test(arguments: [
        ("join", "null"), ("join", #"{"room":"","name":"Ada"}"#), ("join", #"{"room":"lobby","name":1}"#),
        ("history", "{}"), ("history", #"{"before":"1"}"#), ("history", #"{"before":9,"limit":0}"#),
        ("history", #"{"before":9,"limit":101}"#), ("say", "{}"), ("say", #"{"text":""}"#), ("say", #"{"text":1}"#),
        ("say", #"{"text":"x","key":""}"#), ("say", #"{"text":"x","key":1}"#), ("say", "[]"),
    ])
    func refusesBadArguments(event: String, argument: String) async throws {
        let client = client()
        _ = try await join(client)
        let answers = await client.requestLater(event, argument)
        #expect(answers.count == 1)
        #expect(answers.first?.contains(#""code":"bad-request""#) == true)
    }

    @Test(arguments: [("history", #"{"before":1}"#), ("say", #"{"text":"x"}"#)])
    func wantsARoomFirst(event: String, argument: String) async {
        let answers = await client().requestLater(event, argument)
        #expect(answers.count == 1 && answers[0].contains(#""code":"not-joined""#))
    }

    @Test
    func limitsRates() async throws {
        let client = client()
        _ = try await join(client)
        for index in 0..<Limits.say.client.burst { _ = try await say(client, "\(index)") }
        let refused = await client.requestLater("say", #"{"text":"x"}"#)
        #expect(refused.joined().contains("too-many-requests"))
        loop.advance(by: Limits.say.client.interval)
        _ = try await say(client, "again")
    }

    @Test
    func ratesOutliveTheNamespaceAndCountByNetwork() async throws {
        let client = client()
        _ = try await join(client)
        for index in 0..<Limits.say.client.burst { _ = try await say(client, "\(index)") }
        #expect(client.enterAgain())
        _ = try await join(client)
        #expect(await client.requestLater("say", #"{"text":"x"}"#).joined().contains("too-many-requests"))
        // Other connections of the network have what is left of its share.
        var stored = Limits.say.client.burst
        for number in 0..<60 {
            let other = self.client()
            _ = try await join(other, room: "room-\(number)")
            for _ in 0..<Limits.say.client.burst {
                let answer = await other.requestLater("say", #"{"text":"x"}"#).joined()
                if answer.contains(#""author""#) { stored += 1 }
            }
        }
        #expect(stored == Limits.say.network?.burst)
        let elsewhere = self.client(address: "192.0.2.2")
        _ = try await join(elsewhere)
        _ = try await say(elsewhere, "hello")
    }

    @Test
    func aRoomIsSentSoManyBytes() async throws {
        let text = String(repeating: "\u{1F600}", count: Limits.messageText)
        var stored = 0
        for number in 0..<40 {
            let talker = client(address: "192.0.2.\(number)")
            _ = try await join(talker)
            for _ in 0..<3
            where await talker.requestLater("say", #"{"text":"\#(text)"}"#).joined().contains(#""author""#) {
                stored += text.utf8.count
            }
        }
        #expect(stored >= Limits.roomBytes.burst - text.utf8.count)
        #expect(stored <= Limits.roomBytes.burst + text.utf8.count)
        // What a room says at once does not close a client that takes nothing meanwhile.
        #expect(stored + Limits.waitingBytes + Limits.readsAtOnce * Limits.historyBytes < Protections().waitingBytes)
    }

    @Test
    func doesNotReadForWhoTakesNothing() async throws {
        let client = client()
        _ = try await join(client)
        client.bufferedBytes = Limits.waitingBytes
        #expect(await client.requestLater("history", #"{"before":9}"#).joined().contains("messages"))
        client.bufferedBytes = Limits.waitingBytes + 1
        for (event, argument) in [("history", #"{"before":9}"#), ("join", #"{"room":"lobby","name":"Ada"}"#)] {
            #expect(client.request(event, argument).joined().contains(#""code":"busy""#))
        }
    }

    /// Many who ask and don't read are sent no more than a page or two each.
    @Test
    func boundsWhatIsReadForWhoAsksAndDoesNotRead() async throws {
        let text = String(repeating: "t", count: Limits.messageText)
        let author = client()
        _ = try await join(author)
        for _ in 0..<100 {
            _ = try await say(author, text)
            loop.advance(by: .seconds(1))
        }
        for number in 0..<16 {
            let client = client(address: "192.0.2.\(number + 10)")
            _ = try await join(client)
            var received = 0
            for _ in 0..<10 {
                let answer = await client.requestLater("history", #"{"before":1000}"#).joined()
                received += answer.utf8.count
                client.bufferedBytes = received
            }
            #expect(received <= Limits.waitingBytes + Limits.historyBytes + 10_000)
        }
        #expect(limits.readCount == 0)
    }

    @Test
    func boundsReadsInFlight() async throws {
        let clients = (0..<4).map { client(address: "192.0.2.\($0)") }
        for client in clients { _ = try await join(client) }
        for client in clients {
            for _ in 0..<8 {
                _ = client.request("history", #"{"before":9}"#)
                #expect(limits.readCount <= clients.count * Limits.readsAtOnce)
            }
        }
        for client in clients { client.disconnect() }
        try await settle()
        #expect(limits.readCount == 0)
    }

    @Test
    func oneOfTwoJoinsAtOnceSucceeds() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(bob)
        _ = bob.take()
        ada.receive(#"2/chat,1["join",{"room":"lobby","name":"Ada"}]"#)
        ada.receive(#"2/chat,2["join",{"room":"kitchen","name":"Ada"}]"#)
        try await settle()
        let answers = ada.take()
        #expect(answers.count == 2)
        #expect(answers.contains { $0.hasPrefix("2[") && $0.contains(#""code":"busy""#) })
        #expect(answers.contains { $0.hasPrefix("1[") && $0.contains(#""self""#) })
        #expect(bob.take().count == 1)
        _ = try await say(bob, "hello")
        #expect(ada.take().count == 1)
    }

    @Test
    func leavingEndsAJoin() async throws {
        let ada = client()
        ada.receive(#"2/chat,1["join",{"room":"lobby","name":"Ada"}]"#, #"2/chat,2["leave",{}]"#)
        try await settle()
        let answers = ada.take()
        #expect(answers.count == 2 && answers[0] == "2[{}]")
        #expect(answers.last?.hasPrefix("1[") == true && answers.last?.contains("not-joined") == true)
        #expect(await ada.requestLater("history", #"{"before":9}"#).joined().contains("not-joined"))
    }

    @Test
    func aJoinThatFailsChangesNothing() async throws {
        let (ada, bob) = (client(), client())
        let first = try await join(ada)
        _ = try await join(bob)
        _ = (ada.take(), bob.take())
        try store.close()
        #expect(await ada.requestLater("join", #"{"room":"kitchen","name":"Ada"}"#).joined().contains("internal"))
        #expect(bob.take() == [])
        #expect(ada.request("typing", #"{"active":true}"#) == ["[{}]"])
        #expect(bob.take().joined().contains(first.id))
    }

    @Test
    func aKeyIsGoodForOneMessage() async throws {
        let (ada, bob) = (client(), client())
        _ = try await join(ada)
        let joined = try await join(bob, name: "Bob")
        let message = try await say(bob, "I agree to pay", key: "m1")
        let refused = await bob.requestLater("say", #"{"text":"I do NOT agree","key":"m1"}"#).joined()
        #expect(refused.contains("bad-request"))
        // Somebody else's key is another one.
        #expect(try await say(ada, "I agree to pay", key: "m1").author != message.author)
        // The same person after a reconnection.
        let again = client()
        _ = try await join(again, name: "Bob", resume: joined.resumeKey)
        #expect(try await say(again, "I agree to pay", key: "m1") == message)
    }

    @Test
    func comesBackAsTheSamePerson() async throws {
        let (ada, bob) = (client(), client())
        let first = try await join(ada)
        _ = try await join(bob)
        let said = try await say(ada, "hello")
        #expect(said.author == first.id)
        let again = client()
        let back = try await join(again, resume: first.resumeKey)
        #expect(back.id == first.id)
        #expect(back.peopleCount == 2)
        // The earlier connection is sent away, and nobody is told that the person left.
        #expect(!bob.take().joined().contains("person-left"))
        _ = ada.take()
        _ = try await say(again, "again")
        #expect(ada.take() == [])
        let elsewhere = try await join(client(), room: "kitchen", resume: first.resumeKey)
        #expect(elsewhere.id != first.id)
    }

    private func settle() async throws {
        for _ in 0..<2000 {
            loop.run()
            if limits.readCount == 0 { break }
            try await Task.sleep(for: .milliseconds(1))
        }
        loop.run()
    }
}
