import EngineIO
import Foundation
import SocketIO
import Testing

@testable import LinkUpServer

@Suite
struct CallServiceTests {
    private let io = SocketIOServer()
    private let loop = ManualLoop()
    private let keys = ResumeKeys(secret: Data(repeating: 7, count: 32))

    init() {
        CallService(keys: keys, iceServers: ICEServers(turnPort: 3478)) { 1000 }.serve(io.of("/call"))
    }

    private struct Joined: Decodable, Equatable {
        struct Peer: Decodable, Equatable {
            var id: String
            var name: String
            var polite: Bool
            var status: MediaStatus
        }

        var id: String
        var peers: [Peer]
        var iceServers: [[String: [String]]]
        var epoch: Int64
        var resumeKey: String

        private enum CodingKeys: String, CodingKey {
            case id = "self"
            case peers
            case iceServers
            case epoch
            case resumeKey
        }
    }

    private func client(host: String? = "localhost:3000") -> FakeClient {
        FakeClient("/call", of: io, on: loop, host: host)
    }

    private func join(_ client: FakeClient, name: String = "Ada", resume: String? = nil) throws -> Joined {
        let member = resume.map { #","resume":"\#($0)""# } ?? ""
        let answers = client.request("join", #"{"room":"lobby","name":"\#(name)"\#(member)}"#)
        return try JSONDecoder().decode([Joined].self, from: Data(try #require(answers.first).utf8))[0]
    }

    @Test
    func joins() throws {
        let (ada, bob) = (client(), client(host: "[::1]:80"))
        let first = try join(ada)
        #expect(first.peers == [])
        #expect(first.iceServers == [["urls": ["stun:localhost:3478"]]])
        #expect(first.epoch == 1000)
        #expect(keys.verify(first.resumeKey, room: try RoomName("lobby")) == ParticipantID(first.id))
        let second = try join(bob, name: "Bob")
        #expect(second.iceServers == [["urls": ["stun:[::1]:3478"]]])
        #expect(second.epoch == 1001)
        let polite = second.id < first.id
        #expect(second.peers == [.init(id: first.id, name: "Ada", polite: polite, status: .silent)])
        let events = ada.take()
        #expect(events.count == 1)
        #expect(events[0].hasPrefix(#"["peer-joined",{"#))
        #expect(events[0].contains(#""id":"\#(second.id)""#) && events[0].contains(#""polite":\#(!polite)"#))
    }

    @Test
    func passesSignalsOn() throws {
        let (ada, bob) = (client(), client())
        let (first, second) = (try join(ada), try join(bob))
        _ = ada.take()
        let members = #""epoch":4,"candidate":{"candidate":"c","sdpMid":"0"}"#
        #expect(bob.request("signal", #"{"to":"\#(first.id)",\#(members)}"#) == ["[{}]"])
        let events = ada.take()
        #expect(events.count == 1)
        #expect(events[0].hasPrefix(#"["signal",{"#))
        for part in [#""from":"\#(second.id)""#, #""epoch":4"#, #""candidate":"c""#, #""sdpMid":"0""#] {
            #expect(events[0].contains(part))
        }
        #expect(bob.take() == [])
    }

    @Test
    func tellsStatusAndLeaving() throws {
        let (ada, bob) = (client(), client())
        let (_, second) = (try join(ada), try join(bob))
        _ = ada.take()
        #expect(bob.request("status", #"{"audio":true,"video":false,"screen":true}"#) == ["[{}]"])
        let status = ada.take()
        #expect(status.count == 1 && status[0].hasPrefix(#"["peer-status",{"#) && status[0].contains(second.id))
        #expect(bob.request("leave", "{}") == ["[{}]"])
        #expect(ada.take() == [#"["peer-left",{"id":"\#(second.id)"}]"#])
        #expect(bob.request("leave", "{}") == ["[{}]"])
        #expect(ada.take() == [])
    }

    @Test
    func waitsForWhoLostTheConnection() throws {
        let (ada, bob) = (client(), client())
        let (_, second) = (try join(ada), try join(bob))
        _ = ada.take()
        bob.disconnect()
        #expect(ada.take() == [#"["peer-away",{"id":"\#(second.id)"}]"#])
        let refused = ada.request("signal", #"{"to":"\#(second.id)","epoch":1,"endOfCandidates":true}"#)
        #expect(refused.count == 1 && refused[0].contains(#""code":"peer-away""#))
        loop.advance(by: .seconds(29.9))
        let again = client()
        let back = try join(again, resume: second.resumeKey)
        #expect(back.id == second.id)
        let events = ada.take()
        #expect(events.count == 1 && events[0].hasPrefix(#"["peer-back",{"#))
        loop.advance(by: .seconds(60))
        #expect(ada.take() == [])
        again.disconnect()
        loop.advance(by: .seconds(30))
        #expect(ada.take().last == #"["peer-left",{"id":"\#(second.id)"}]"#)
    }

    @Test
    func recognisesAParticipantAfterARestart() throws {
        let before = try join(client())
        let restarted = SocketIOServer()
        CallService(keys: keys, iceServers: ICEServers(turnPort: 1, turnHost: "h")) { 2000 }.serve(
            restarted.of("/call")
        )
        let after = try join(FakeClient("/call", of: restarted, on: loop), resume: before.resumeKey)
        #expect(after.id == before.id)
        #expect(after.epoch > before.epoch)
    }

    @Test
    func disconnectsTheSocketThatWasReplaced() throws {
        let (ada, bob) = (client(), client())
        let first = try join(ada)
        #expect(try join(bob, resume: first.resumeKey).id == first.id)
        // The packet is `41/call,`: nothing is left of it without type and namespace.
        #expect(ada.take() == [""])
        #expect(ada.request("leave", "{}") == [])
    }

    @Test
    func ignoresForgedKeys() throws {
        let first = try join(client())
        let forged = try join(client(), resume: "\(first.id).\(String(repeating: "A", count: 43))")
        #expect(forged.id != first.id)
    }

    @Test(arguments: [
        ("join", ""), ("join", "1"), ("join", "null"), ("join", #"{"room":"lobby"}"#),
        ("join", #"{"room":"a b","name":"Ada"}"#), ("join", #"{"room":"lobby","name":" "}"#),
        ("join", #"{"room":"lobby","name":"Ada","resume":1}"#),
        ("status", #"{"audio":true,"video":true}"#), ("status", #"{"audio":1,"video":true,"screen":true}"#),
        ("signal", "{}"), ("signal", #"{"to":"x","epoch":1}"#), ("signal", "[]"), ("leave", "1"),
    ])
    func refusesBadArguments(event: String, argument: String) throws {
        let client = client()
        _ = try join(client)
        let answers = client.request(event, argument.isEmpty ? "null" : argument)
        #expect(answers.count == 1)
        #expect(answers.first?.hasPrefix(#"[{"error":{"#) == true)
        #expect(answers.first?.contains(#""code":"bad-request""#) == true)
    }

    @Test(arguments: [
        ("status", #"{"audio":true,"video":true,"screen":true}"#),
        ("signal", #"{"to":"x","epoch":1,"endOfCandidates":true}"#),
    ])
    func wantsARoomFirst(event: String, argument: String) {
        let answers = client().request(event, argument)
        #expect(answers.count == 1 && answers[0].contains(#""code":"not-joined""#))
    }

    @Test
    func limitsRates() throws {
        let client = client()
        _ = try join(client)
        let signal = #"{"to":"nobody","epoch":1,"endOfCandidates":true}"#
        let codes = (0...Limits.signal.burst).map { _ in client.request("signal", signal).joined() }
        #expect(codes.dropLast().allSatisfy { $0.contains("unknown-peer") })
        #expect(codes.last?.contains("too-many-requests") == true)
        loop.advance(by: Limits.signal.interval)
        #expect(client.request("signal", signal).joined().contains("unknown-peer"))
    }

    @Test
    func leavesRequestsWithoutAcknowledgementUnanswered() throws {
        let (ada, bob) = (client(), client())
        _ = (try join(ada), try join(bob))
        _ = ada.take()
        bob.receive(#"2/call,["status",{"audio":true,"video":true,"screen":false}]"#)
        bob.receive(#"2/call,["status",1]"#)
        bob.receive(#"2/call,["status"]"#)
        #expect(bob.take() == [])
        #expect(ada.take().count == 1)
    }
}
