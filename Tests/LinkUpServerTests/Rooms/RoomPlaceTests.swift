import Testing

@testable import LinkUpServer

/// How many people and connections there may be.
@Suite
struct RoomPlaceTests: RoomSuite {
    let start = ContinuousClock.now

    @Test
    func aRoomHasAsManyPeopleAsItMay() throws {
        var room = Room(size: RoomSize(people: 3))
        for number in 1...3 { _ = try room.join(arrival("m\(number)", network: number), at: start) }
        #expect(code { _ = try room.join(arrival("m4", network: 4), at: start) } == .roomFull)
        // Nobody is kept from coming back.
        #expect(code { _ = try room.join(arrival("m3", "other", network: 3), at: start) } == nil)
        _ = room.leave(MemberID("m1"), through: "m11", at: start)
        #expect(code { _ = try room.join(arrival("m4", network: 4), at: start) } == nil)
    }

    @Test
    func aNetworkHasSoManyPeople() throws {
        var room = Room()
        for number in 0..<RoomSize().peopleOfNetwork { _ = try room.join(arrival("m\(number)"), at: start) }
        #expect(code { _ = try room.join(arrival("more"), at: start) } == .roomFull)
        #expect(code { _ = try room.join(arrival("other", network: 2), at: start) } == nil)
        // Who moves to another network frees a place.
        _ = try room.join(arrival("m0", "elsewhere", network: 2), at: start)
        #expect(code { _ = try room.join(arrival("more"), at: start) } == nil)
    }

    @Test
    func aMemberHasSoManyConnections() throws {
        var room = try room("a", "b")
        for number in 2...Limits.connectionsOfMember { _ = try room.join(arrival("a", "a\(number)"), at: start) }
        let effects = try room.join(arrival("a", "more"), at: start).effects
        #expect(effects.contains(.putOut("a1")))
        #expect(room.member(MemberID("a"))?.connections.count == Limits.connectionsOfMember)
        #expect(room.memberCount == 2)
    }

    @Test
    func aCallHasSoManyPlaces() throws {
        var room = Room()
        for number in 1...Limits.participants {
            _ = try room.join(arrival("m\(number)", network: number, stay: "s"), at: start)
        }
        // The call is full, the room is not.
        let late = try room.join(arrival("late", network: 99, stay: "s"), at: start)
        #expect(late.admission == .entered(call: .refused(.refused(.participants, limit: Limits.participants))))
        #expect(room.member(MemberID("late"))?.seat == nil)
        #expect(code { _ = try room.enter(entry("s"), MemberID("late"), through: "late1", at: start) } == .callFull)
        _ = try room.receive(.exit, from: MemberID("m3"), through: "m31", at: start)
        #expect(code { _ = try room.enter(entry("s"), MemberID("late"), through: "late1", at: start) } == nil)
    }

    @Test
    func placesWhereNobodyIsLockNobodyOut() throws {
        var room = Room()
        for number in 1...Limits.participants {
            _ = try room.join(arrival("m\(number)", network: number / 2, stay: "s"), at: start - .seconds(60))
        }
        // One of a network is kept for it, two are not.
        _ = room.connectionLost(MemberID("m1"), "m11", at: start)
        #expect(try room.join(arrival("x", network: 99, stay: "s"), at: start).admission != .entered(call: nil))
        #expect(room.member(MemberID("x"))?.seat == nil)
        _ = room.connectionLost(MemberID("m2"), "m21", at: start)
        _ = room.connectionLost(MemberID("m3"), "m31", at: start + .seconds(1))
        let effects = try room.enter(entry("s"), MemberID("x"), through: "x1", at: start).effects
        #expect(room.member(MemberID("m2"))?.seat == nil)
        #expect(room.member(MemberID("m3"))?.seat != nil)
        #expect(effects.contains(.seatFreed(Self.network(1), relayUser: "relay s")))
    }
}
