import EngineIO
import Foundation
import Logging
import SocketIO
import Testing

@testable import LinkUpServer

@Suite
struct ChatServiceTests {
    private let io: SocketIOServer
    private let loop = ManualLoop()
    private let folder: TemporaryFolder

    init() throws {
        let io = SocketIOServer()
        self.io = io
        folder = try TemporaryFolder()
        let store = try ChatStore(path: folder.path("chat.sqlite")) { ChatService.announce($0, in: io.of("/chat")) }
        ChatService(store: store, logger: Logger(label: "test")) { 1000 }.serve(io.of("/chat"))
    }

    private struct Joined: Decodable {
        struct Person: Decodable, Equatable {
            var id: String
            var name: String
        }

        var id: String
        var people: [Person]
        var messages: [ChatMessage]
        var more: Bool

        private enum CodingKeys: String, CodingKey {
            case id = "self"
            case people
            case messages
            case more
        }
    }

    private struct Said: Decodable {
        var message: ChatMessage
    }

    private func client() -> FakeClient {
        FakeClient("/chat", of: io, on: loop)
    }

    private func answer<Result: Decodable>(_ type: Result.Type, in packets: [String]) throws -> Result {
        let text = try #require(packets.first { $0.hasPrefix("[{") })
        return try JSONDecoder().decode([Result].self, from: Data(text.utf8))[0]
    }

    private func join(_ client: FakeClient, room: String = "lobby", name: String = "Ada") async throws -> Joined {
        let packets = await client.requestLater("join", #"{"room":"\#(room)","name":"\#(name)"}"#)
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
            id: message.id,
            room: "lobby",
            author: first.id,
            name: "Ada",
            text: "hello",
            time: 1000,
            key: "k"
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
        for index in 0..<Limits.say.burst { _ = try await say(client, "\(index)") }
        let refused = await client.requestLater("say", #"{"text":"x"}"#)
        #expect(refused.joined().contains("too-many-requests"))
        loop.advance(by: Limits.say.interval)
        _ = try await say(client, "again")
    }
}
