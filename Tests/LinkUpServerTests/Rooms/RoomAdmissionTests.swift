import Testing

@testable import LinkUpServer

/// The lock and the waiting list.
@Suite
struct RoomAdmissionTests: RoomSuite {
    let start = ContinuousClock.now

    @Test
    func aLockedRoomTakesNobodyNew() throws {
        var room = try room("a", "b")
        let effects = try room.receive(.lock(true), from: MemberID("a"), through: "a1", at: start)
        #expect(effects == [.tellAll(.room(RoomSettings(isLocked: true)))])
        #expect(code { _ = try room.join(arrival("c"), at: start) } == .locked)
        // Whoever was in comes back, be it after it was given up.
        _ = room.leave(MemberID("b"), through: "b1", at: start)
        #expect(code { _ = try room.join(arrival("b", "b2"), at: start) } == nil)
        // Nothing changes, nothing is told.
        #expect(try room.receive(.lock(true), from: MemberID("a"), through: "a1", at: start) == [])
    }

    @Test
    func newcomersWait() throws {
        var room = try room("a", "b")
        _ = try room.receive(.settings(waiting: true, newcomers: nil), from: MemberID("a"), through: "a1", at: start)
        let (admission, effects) = try room.join(arrival("c"), at: start)
        #expect(admission == .waiting)
        let person = WaitingPerson(id: MemberID("c"), name: try DisplayName("C"))
        #expect(effects == [.tell(["a1"], .waiting([person]))])
        #expect(room.member(MemberID("c")) == nil)
        let admitted = try room.receive(.admit(MemberID("c")), from: MemberID("a"), through: "a1", at: start)
        #expect(admitted == [.tell(["c1"], .admitted)])
        // Hosts are told of many changes at once.
        #expect(room.timeout(at: start + Limits.countInterval) == [.tell(["a1"], .waiting([]))])
        #expect(try room.join(arrival("c"), at: start).admission == .entered(call: nil))

        _ = try room.join(arrival("d"), at: start)
        let denied = try room.receive(.deny(MemberID("d")), from: MemberID("a"), through: "a1", at: start)
        #expect(denied.first == .tell(["d1"], .denied))
        #expect(code { _ = try room.join(arrival("d"), at: start) } == .denied)
        // Whoever ceases to wait is told of no more.
        _ = try room.join(arrival("e"), at: start)
        #expect(room.ceaseWaiting("e1", at: start + .seconds(9)) == [.tell(["a1"], .waiting([]))])
        #expect(room.ceaseWaiting("e1", at: start + .seconds(19)) == [])
    }

    @Test
    func allComeInWhenNobodyWaitsAnyMore() throws {
        var room = try room("a")
        _ = try room.receive(.settings(waiting: true, newcomers: nil), from: MemberID("a"), through: "a1", at: start)
        _ = try room.join(arrival("b"), at: start)
        let opened = try room.receive(
            .settings(waiting: false, newcomers: nil),
            from: MemberID("a"),
            through: "a1",
            at: start
        )
        #expect(opened.contains(.tell(["b1"], .admitted)))

        _ = try room.receive(.settings(waiting: true, newcomers: nil), from: MemberID("a"), through: "a1", at: start)
        _ = try room.join(arrival("c"), at: start)
        // The room ends, and the next to come makes another one.
        #expect(room.leave(MemberID("a"), through: "a1", at: start).contains(.tell(["c1"], .admitted)))
        #expect(room.isEmpty)
    }

    @Test
    func soManyWait() throws {
        var room = try room("a")
        _ = try room.receive(.settings(waiting: true, newcomers: nil), from: MemberID("a"), through: "a1", at: start)
        for number in 0..<Limits.waitingOfNetwork { _ = try room.join(arrival("n\(number)", network: 7), at: start) }
        #expect(code { _ = try room.join(arrival("more", network: 7), at: start) } == .roomFull)
        for number in Limits.waitingOfNetwork..<Limits.waiting {
            _ = try room.join(arrival("n\(number)", network: 100 + number), at: start)
        }
        #expect(code { _ = try room.join(arrival("more", network: 8), at: start) } == .roomFull)
        // Whoever waits already may ask again.
        #expect(code { _ = try room.join(arrival("n0", network: 7), at: start) } == nil)
    }

    @Test
    func twoTabsWaitAsOnePerson() throws {
        var room = try room("a")
        _ = try room.receive(.settings(waiting: true, newcomers: nil), from: MemberID("a"), through: "a1", at: start)
        _ = try room.join(arrival("b", "b1"), at: start)
        // Knocking again tells nobody anything.
        #expect(try room.join(arrival("b", "b2"), at: start + .seconds(5)).effects == [])
        #expect(room.ceaseWaiting("b1", at: start + .seconds(10)) == [])
        _ = try room.join(arrival("b", "b1"), at: start)
        let effects = try room.receive(.admit(MemberID("b")), from: MemberID("a"), through: "a1", at: start)
        #expect(effects.first == .tell(["b2", "b1"], .admitted))
    }

    @Test
    func whoMayAdmitIsToldWhoWaits() throws {
        var room = try room("a", "b")
        _ = try room.receive(.settings(waiting: true, newcomers: nil), from: MemberID("a"), through: "a1", at: start)
        _ = try room.join(arrival("c"), at: start)
        let person = WaitingPerson(id: MemberID("c"), name: try DisplayName("C"))
        // A host whose page was loaded again.
        #expect(try room.join(arrival("a", "a2"), at: start).effects.last == .tell(["a2"], .waiting([person])))
        #expect(try room.join(arrival("b", "b2"), at: start).effects.count == 1)
    }

    @Test(arguments: [Role.member, .guest])
    func whoComesBackHasTheRoleThatItHad(_ role: Role) throws {
        var room = try room("a", "b")
        _ = try room.give(role, to: MemberID("b"), at: start)
        _ = room.leave(MemberID("b"), through: "b1", at: start)
        let other = role == .member ? Role.guest : .member
        _ = try room.receive(.settings(waiting: nil, newcomers: other), from: MemberID("a"), through: "a1", at: start)
        _ = try room.join(arrival("b"), at: start)
        #expect(try view("b", in: room).role == role)
        _ = try room.join(arrival("c"), at: start)
        #expect(try view("c", in: room).role == other)
    }

    @Test
    func whoIsNotTakenIsToldBefore() throws {
        var room = try room("a")
        _ = try room.receive(.lock(true), from: MemberID("a"), through: "a1", at: start)
        #expect(code { _ = try room.takes(arrival("b")) } == .locked)
        _ = try room.receive(.lock(false), from: MemberID("a"), through: "a1", at: start)
        #expect(try room.takes(arrival("b")))
        _ = try room.receive(.settings(waiting: true, newcomers: nil), from: MemberID("a"), through: "a1", at: start)
        #expect(try !room.takes(arrival("b")))
        #expect(try room.takes(arrival("a", "a2")))
    }
}
