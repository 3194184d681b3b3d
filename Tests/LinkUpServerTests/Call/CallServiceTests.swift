import EngineIO
import Foundation
import Locking
import SocketIO
import Testing

@testable import LinkUpServer

@Suite
struct CallServiceTests {
    private let io = SocketIOServer()
    private let loop = ManualLoop()
    private let keys = ResumeKeys(secret: Data(repeating: 7, count: 32))
    private let limits = ClientLimits()
    private let departed = Log()

    /// Whose credentials were ended.
    private final class Log: Sendable {
        private let users = Mutex<[String]>([])

        func withLock<Result>(_ body: (inout [String]) -> Result) -> Result where Result: Sendable {
            users.withLock { body(&$0) }
        }
    }

    init() {
        CallService(
            keys: keys,
            iceServers: ICEServers(turnPort: 3478),
            limits: limits,
            onDeparture: { [departed] user in departed.withLock { $0.append(user) } },
            time: { 1000 }
        )
        .serve(io.of("/call"))
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
        loop.advance(by: Limits.settling)
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
        #expect(departed.withLock { $0 } == [])
        again.disconnect()
        loop.advance(by: .seconds(30))
        #expect(ada.take().last == #"["peer-left",{"id":"\#(second.id)"}]"#)
        #expect(departed.withLock { $0 } == [second.id])
    }

    /// Reasons that are the client's own wish or fault: nobody waits for it.
    @Test(arguments: [EngineCloseReason.parseError, .payloadTooLarge, .rateLimited, nil])
    func waitsForNobodyWhoWent(reason: EngineCloseReason?) throws {
        let (ada, bob) = (client(), client())
        let (_, second) = (try join(ada), try join(bob))
        loop.advance(by: .seconds(60))
        _ = ada.take()
        if let reason { bob.disconnect(reason) } else { bob.receive("1/call,") }
        #expect(ada.take() == [#"["peer-left",{"id":"\#(second.id)"}]"#])
        #expect(departed.withLock { $0 } == [second.id])
    }

    /// One connection that joins and leaves in a loop: sixteen others find a place.
    @Test
    func oneConnectionLocksNoRoom() throws {
        let eve = client()
        for _ in 0..<15 {
            _ = try join(eve)
            _ = eve.enterAgain()
            loop.advance(by: .seconds(1))
        }
        eve.disconnect()
        for _ in 0..<Limits.participants { _ = try join(client()) }
    }

    @Test
    func recognisesAParticipantAfterARestart() throws {
        let before = try join(client())
        let restarted = SocketIOServer()
        CallService(keys: keys, iceServers: ICEServers(turnPort: 1, turnHost: "h"), limits: ClientLimits()) { 2000 }
            .serve(restarted.of("/call"))
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
        let codes = (0...Limits.signal.client.burst).map { _ in client.request("signal", signal).joined() }
        #expect(codes.dropLast().allSatisfy { $0.contains("unknown-peer") })
        #expect(codes.last?.contains("too-many-requests") == true)
        loop.advance(by: Limits.signal.client.interval)
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

    @Test
    func ratesOutliveTheNamespace() throws {
        let client = client()
        _ = try join(client)
        let signal = #"{"to":"nobody","epoch":1,"endOfCandidates":true}"#
        for _ in 0..<Limits.signal.client.burst { _ = client.request("signal", signal) }
        #expect(client.request("signal", signal).joined().contains("too-many-requests"))
        #expect(client.enterAgain())
        #expect(client.request("signal", signal).joined().contains("too-many-requests"))
        // The namespace itself can't be joined in a loop either.
        var entries = 0
        while entries < 100, client.enterAgain() { entries += 1 }
        #expect(entries == Limits.enter.client.burst - 2)
    }

    @Test
    func refusesASenderRatherThanFillTheReceiver() throws {
        let (ada, bob) = (client(), client())
        let first = try join(ada)
        _ = try join(bob)
        _ = ada.take()
        let signal = #"{"to":"\#(first.id)","epoch":1,"endOfCandidates":true}"#
        ada.bufferedBytes = Limits.waitingBytes
        #expect(bob.request("signal", signal) == ["[{}]"])
        #expect(ada.take().count == 1)
        ada.bufferedBytes = Limits.waitingBytes + 1
        #expect(bob.request("signal", signal).joined().contains(#""code":"peer-busy""#))
        #expect(ada.take() == [])
    }

    @Test
    func countsBytesOfSignals() throws {
        let (ada, bob) = (client(), client())
        let first = try join(ada)
        _ = try join(bob)
        _ = ada.take()
        let sdp = String(repeating: "v", count: Limits.sessionDescription)
        let signal = #"{"to":"\#(first.id)","epoch":1,"description":{"type":"offer","sdp":"\#(sdp)"}}"#
        let answers = (0..<10).map { _ in bob.request("signal", signal).joined() }
        // The burst of a pair is two of the largest, and what is left of it lets none pass.
        #expect(answers.filter { $0 == "[{}]" }.count == 2)
        #expect(answers.last?.contains("too-many-requests") == true)
        let sent = ada.take().reduce(0) { $0 + $1.utf8.count }
        #expect(sent <= Limits.pairBytes.burst + 2 * Limits.sessionDescription)
    }

    /// What is too large is refused before it is decoded, whatever it is.
    @Test(arguments: [("join", LimitedAction.control), ("signal", .signal), ("leave", .leave)])
    func decodesNothingThatIsTooLarge(event: String, action: LimitedAction) throws {
        let client = client()
        for (size, isTooLarge) in [(action.argumentBytes, false), (action.argumentBytes + 1, true)] {
            let padding = String(repeating: "x", count: size - #"{"x":""}"#.utf8.count)
            let answer = client.request(event, #"{"x":"\#(padding)"}"#).joined()
            #expect(answer.contains("bytes of JSON") == isTooLarge)
        }
    }

    @Test
    func aNetworkIsGivenSoManyCredentials() throws {
        var joined = 0
        for _ in 0..<44 {
            let client = client()
            for _ in 0..<Limits.credentials.client.burst {
                let answer = client.request("join", #"{"room":"r","name":"Ada"}"#).joined()
                if answer.contains("iceServers") { joined += 1 } else { #expect(answer.contains("too-many-requests")) }
            }
            _ = client.request("leave", "{}")
        }
        #expect(joined == Limits.credentials.network?.burst)
        let other = FakeClient("/call", of: io, on: loop, address: "192.0.2.2")
        #expect(other.request("join", #"{"room":"r","name":"Ada"}"#).joined().contains("iceServers"))
    }
}
