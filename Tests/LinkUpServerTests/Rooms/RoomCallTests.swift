import EngineIO
import Testing

@testable import LinkUpServer

/// Signals and who takes part in the call.
@Suite
struct RoomCallTests: RoomSuite {
    let start = ContinuousClock.now

    @Test
    func signalsGoToThoseWhoCanBeReached() throws {
        var room = try room("a", "b", "c", inCall: true)
        let to = { (id: String) in RoomRequest.signal(to: MemberID(id), byteCount: 10) }
        #expect(try room.receive(to("b"), from: MemberID("a"), through: "a1", at: start) == [.pass(to: "b1")])
        for id in ["a", "nobody"] {
            #expect(
                code { _ = try room.receive(to(id), from: MemberID("a"), through: "a1", at: start) } == .unknownMember
            )
        }
        _ = room.connectionLost(MemberID("b"), "b1", at: start)
        #expect(code { _ = try room.receive(to("b"), from: MemberID("a"), through: "a1", at: start) } == .peerAway)
        _ = try room.receive(.exit, from: MemberID("c"), through: "c1", at: start)
        #expect(code { _ = try room.receive(to("c"), from: MemberID("a"), through: "a1", at: start) } == .unknownMember)
        #expect(code { _ = try room.receive(to("a"), from: MemberID("c"), through: "c1", at: start) } == .notJoined)
    }

    @Test
    func aPairHasSoManyBytes() throws {
        var room = try room("a", "b", "c", inCall: true)
        let large = RoomRequest.signal(to: MemberID("b"), byteCount: Limits.pairBytes.burst)
        #expect(code { _ = try room.receive(large, from: MemberID("a"), through: "a1", at: start) } == nil)
        let small = RoomRequest.signal(to: MemberID("b"), byteCount: 1)
        #expect(code { _ = try room.receive(small, from: MemberID("a"), through: "a1", at: start) } == .tooManyRequests)
        // Others are not concerned.
        let other = RoomRequest.signal(to: MemberID("c"), byteCount: 1)
        #expect(code { _ = try room.receive(other, from: MemberID("a"), through: "a1", at: start) } == nil)
        #expect(code { _ = try room.receive(small, from: MemberID("c"), through: "c1", at: start) } == nil)
    }

    @Test
    func whoRecordsIsToldUntilTheStayEnds() throws {
        var room = try room("a", "b", inCall: true)
        let recording = MediaStatus(audio: true, video: false, screen: false, recording: true)
        let effects = try room.receive(.status(recording), from: MemberID("a"), through: "a1", at: start)
        #expect(effects == [.tellAll(.member(try view("a", in: room)))])
        #expect(try view("a", in: room).call?.status.recording == true)
        // Who comes later is told of it, and a connection that is lost ends nothing.
        _ = room.connectionLost(MemberID("a"), "a1", at: start)
        let late = try room.join(arrival("c", network: 3, stay: "stay-c"), at: start)
        #expect(late.admission == .entered(call: .entered(relayUser: "relay stay-c", forgottenBy: [])))
        let told = room.membersTold(to: MemberID("c")).first { $0.id == MemberID("a") }
        #expect(told?.call?.status.recording == true)
        // The same stay says anew what it does, and so does another one.
        _ = try room.join(arrival("a", "a2", stay: "stay-a"), at: start)
        #expect(try view("a", in: room).call?.status.recording == false)
        _ = try room.receive(.status(recording), from: MemberID("a"), through: "a2", at: start)
        _ = try room.receive(.exit, from: MemberID("a"), through: "a2", at: start)
        #expect(try view("a", in: room).call == nil)
        let refusal = code { _ = try room.receive(.status(recording), from: MemberID("a"), through: "a2", at: start) }
        #expect(refusal == .notJoined)
    }

    @Test
    func guestsAreNotInTheCall() throws {
        var room = try room("a", "b", inCall: true)
        let effects = try room.receive(.role(MemberID("b"), .guest), from: MemberID("a"), through: "a1", at: start)
        #expect(effects.first == .seatFreed(Self.network(2), relayUser: "relay stay-b"))
        #expect(try view("b", in: room).call == nil)
        let again = try room.join(arrival("b", network: 2, stay: "s"), at: start)
        #expect(again.admission == .entered(call: .refused(.notAllowed)))
    }
}
