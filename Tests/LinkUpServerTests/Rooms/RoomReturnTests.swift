import Testing

@testable import LinkUpServer

/// Lost connections, reloads, closed pages and tabs.
@Suite
struct RoomReturnTests: RoomSuite {
    let start = ContinuousClock.now

    @Test
    func whoLostTheConnectionIsWaitedFor() throws {
        var room = try room("a", "b", inCall: true)
        var away = try view("b", in: room)
        away.isAway = true
        away.call?.isAway = true
        #expect(room.connectionLost(MemberID("b"), "b1", at: start) == [.tellAll(.member(away))])
        #expect(room.nextDeadline == start + Limits.grace)
        #expect(room.timeout(at: start + Limits.grace - .nanoseconds(1)) == [])
        // The page is the same: its connections are too.
        let back = try room.join(arrival("b", "b2", network: 2, stay: "stay-b"), at: start + .seconds(29))
        #expect(back.admission == .entered(call: .entered(relayUser: "relay stay-b", forgottenBy: [])))
        away.isAway = false
        away.call?.isAway = false
        #expect(back.effects == [.tellAll(.member(away))])
        #expect(room.timeout(at: start + .seconds(99)) == [])
        #expect(room.memberCount == 2)
    }

    @Test
    func whoStaysAwayIsGone() throws {
        var room = try room("a", "b", inCall: true)
        _ = room.connectionLost(MemberID("b"), "b1", at: start)
        let effects = room.timeout(at: start + Limits.grace)
        #expect(
            effects == [
                .seatFreed(Self.network(2), relayUser: "relay stay-b"), .tellAll(.memberLeft(MemberID("b"), .lost)),
            ]
        )
        // The peers have closed their connections to this stay; to another one they had none.
        var other = room
        let back = try room.join(arrival("b", network: 2, stay: "stay-b"), at: start + .seconds(60))
        #expect(back.admission == .entered(call: .entered(relayUser: "relay stay-b", forgottenBy: [MemberID("a")])))
        let reloaded = try other.join(arrival("b", network: 2, stay: "stay-c"), at: start + .seconds(60))
        #expect(reloaded.admission == .entered(call: .entered(relayUser: "relay stay-c", forgottenBy: [])))
    }

    @Test
    func whoWasAwayTooHasForgottenNobody() throws {
        var room = try room("a", "b", "c", "d", inCall: true)
        _ = room.connectionLost(MemberID("c"), "c1", at: start)
        _ = room.connectionLost(MemberID("b"), "b1", at: start)
        _ = try room.join(arrival("c", "c2", network: 3, stay: "stay-c"), at: start + .seconds(1))
        _ = room.connectionLost(MemberID("c"), "c2", at: start + .seconds(2))
        _ = room.timeout(at: start + Limits.grace)
        // Who has left since is no peer any more.
        _ = try room.receive(.exit, from: MemberID("d"), through: "d1", at: start + Limits.grace)
        let back = try room.join(arrival("b", network: 2, stay: "stay-b"), at: start + .seconds(31))
        #expect(back.admission == .entered(call: .entered(relayUser: "relay stay-b", forgottenBy: [MemberID("a")])))
        // What was told once is not told of what comes after.
        _ = room.connectionLost(MemberID("b"), "b1", at: start + .seconds(40))
        let again = try room.join(arrival("b", network: 2, stay: "stay-b"), at: start + .seconds(41))
        #expect(again.admission == .entered(call: .entered(relayUser: "relay stay-b", forgottenBy: [])))
    }

    @Test
    func nobodyWaitsForWhoWasThereForABlink() throws {
        var room = try room("a")
        _ = try room.join(arrival("b", stay: "s"), at: start)
        let soon = start + Limits.settling - .nanoseconds(1)
        #expect(
            room.connectionLost(MemberID("b"), "b1", at: soon).contains(.tellAll(.memberLeft(MemberID("b"), .lost)))
        )
    }

    /// A reload: the page says goodbye before or after its connection ends, and the new page comes before or after both.
    @Test(arguments: [
        "goodbye lost join", "lost goodbye join", "goodbye join lost", "join goodbye lost", "join lost goodbye",
    ])
    func aReloadLeavesNoGhost(_ order: String) throws {
        var room = try room("a", "b", inCall: true)
        for event in order.split(separator: " ") {
            switch event {
            case "goodbye": _ = room.pageCloses(MemberID("b"), "b1", at: start)
            case "lost": _ = room.connectionLost(MemberID("b"), "b1", at: start)
            default: _ = try room.join(arrival("b", "b2", network: 2, stay: "other"), at: start)
            }
        }
        #expect(room.timeout(at: start + .seconds(60)) == [])
        #expect(room.memberCount == 2 && room.callCount == 2)
        #expect(room.member(MemberID("b"))?.connections == ["b2"])
        #expect(try view("b", in: room).isAway == false)
    }

    @Test(arguments: ["goodbye lost", "lost goodbye", "goodbye"])
    func aClosedPageIsGoneSoon(_ order: String) throws {
        var room = try room("a", "b", inCall: true)
        for event in order.split(separator: " ") {
            _ =
                event == "goodbye"
                ? room.pageCloses(MemberID("b"), "b1", at: start) : room.connectionLost(MemberID("b"), "b1", at: start)
        }
        #expect(room.memberCount == 2)
        // On purpose, so that nobody keeps its place in the call for it.
        #expect(room.timeout(at: start + Limits.reload).contains(.tellAll(.memberLeft(MemberID("b"), .left))))
        #expect(room.memberCount == 1)
    }

    @Test
    func twoTabsAreOnePerson() throws {
        var room = try room("a", "b", inCall: true)
        let second = try room.join(arrival("b", "b2", network: 2, stay: "tab-2"), at: start)
        #expect(second.effects.first == .tell(["b1"], .moved))
        #expect(room.memberCount == 2 && room.callCount == 2)
        // The former tab is in the room still, and not in the call.
        #expect(code { _ = try room.receive(.say(byteCount: 1), from: MemberID("b"), through: "b1", at: start) } == nil)
        let status = RoomRequest.status(MediaStatus(audio: false, video: false, screen: false))
        #expect(code { _ = try room.receive(status, from: MemberID("b"), through: "b1", at: start) } == .notJoined)
        // It ends, and nobody notices.
        #expect(room.connectionLost(MemberID("b"), "b1", at: start) == [])
        #expect(room.leave(MemberID("b"), through: "b1", at: start) == [])
        // The tab in the call ends: the call waits for it, the person is there.
        _ = try room.join(arrival("b", "b3", network: 2), at: start)
        _ = room.connectionLost(MemberID("b"), "b2", at: start)
        #expect(try view("b", in: room).isAway == false)
        #expect(try view("b", in: room).call?.isAway == true)
        #expect(room.member(MemberID("b"))?.seat?.connection == nil)
        _ = room.timeout(at: start + Limits.grace)
        #expect(try view("b", in: room).call == nil)
        #expect(try view("b", in: room).isAway == false)
        #expect(room.memberCount == 2)
    }
}
