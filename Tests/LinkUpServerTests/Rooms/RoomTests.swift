import EngineIO
import Networking
import Testing

@testable import LinkUpServer

@Suite
struct RoomTests {
    private let start = ContinuousClock.now

    // MARK: Fixtures

    private static func network(_ number: Int) -> ClientNetwork {
        ClientNetwork(IPAddress("192.0.2.\(number)"))
    }

    private func arrival(
        _ id: String,
        _ connection: SocketID? = nil,
        network: Int = 1,
        stay: String? = nil
    ) throws -> Arrival {
        var call: CallEntry?
        if let stay { call = try entry(stay) }
        return Arrival(
            id: MemberID(id),
            name: try DisplayName(id.uppercased()),
            connection: connection ?? "\(id)1",
            network: Self.network(network),
            call: call
        )
    }

    private func entry(_ stay: String) throws -> CallEntry {
        CallEntry(
            stay: try Stay(stay),
            status: MediaStatus(audio: true, video: false, screen: false),
            relayUser: "relay \(stay)"
        )
    }

    /// A room with members of different networks, the first of whom is host.
    ///
    /// They have been there for long enough to be waited for.
    private func room(_ ids: String..., inCall: Bool = false) throws -> Room {
        var room = Room()
        for (index, id) in ids.enumerated() {
            _ = try room.join(
                arrival(id, network: index + 1, stay: inCall ? "stay-\(id)" : nil),
                at: start - .seconds(60)
            )
        }
        return room
    }

    private func view(_ id: String, in room: Room) throws -> MemberView {
        try #require(room.member(MemberID(id))).view
    }

    private func code(_ body: () throws -> Void) -> RequestError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? RequestError)?.code
        }
    }

    // MARK: Who may do what

    /// What each role may ask for; nothing else.
    static let permissions: [(RoomRequest, allowed: Set<Role>)] = {
        let (all, active) = (Set(Role.allCases), Set<Role>([.host, .moderator, .member]))
        let (orderly, host) = (Set<Role>([.host, .moderator]), Set<Role>([.host]))
        let target = MemberID("t")
        return [
            (.read, all), (.hand(true), all), (.exit, all), (.say(byteCount: 1), active),
            (.amend(byteCount: 1), active),
            (.typing(true), active), (.clear, orderly), (.lock(true), orderly), (.remove(target), orderly),
            (.settings(waiting: true, newcomers: .guest), host), (.role(target, .guest), host),
        ]
    }()

    @Test(arguments: permissions, Role.allCases)
    func roles(_ row: (RoomRequest, allowed: Set<Role>), role: Role) throws {
        var room = try room("h", "a", "t")
        let asker = MemberID(role == .host ? "h" : "a")
        if role != .host { _ = try room.give(role, to: asker, at: start) }
        let connection = "\(asker.value)1"
        let refused = code { _ = try room.receive(row.0, from: asker, through: connection, at: start) }
        #expect(refused == (row.allowed.contains(role) ? nil : .notAllowed))
    }

    /// Who may put out and mute whom.
    @Test(arguments: Role.allCases, Role.allCases)
    func ranks(_ role: Role, other: Role) throws {
        var room = try room("h", "a", "b", inCall: true)
        for (id, role) in [("a", role), ("b", other)] { _ = try room.give(role, to: MemberID(id), at: start) }
        let isAbove = role == .host || (role == .moderator && (other == .member || other == .guest))
        if other != .guest {
            let muted = code {
                _ = try room.receive(.mute(MemberID("b")), from: MemberID("a"), through: "a1", at: start)
            }
            #expect(muted == (isAbove ? nil : .notAllowed))
        }
        let removed = code {
            _ = try room.receive(.remove(MemberID("b")), from: MemberID("a"), through: "a1", at: start)
        }
        #expect(removed == (isAbove ? nil : .notAllowed))
    }

    @Test
    func theFirstIsHostAndTheRoomKeepsOne() throws {
        var room = try room("a", "b", "c")
        #expect(try view("a", in: room).role == .host)
        _ = try room.give(.moderator, to: MemberID("c"), at: start)
        #expect(code { _ = try room.give(.member, to: MemberID("a"), at: start) } == .notAllowed)
        _ = room.leave(MemberID("a"), through: "a1", at: start)
        #expect(try view("c", in: room).role == .host)
        // Who comes back has the role that it had.
        _ = try room.join(arrival("a"), at: start)
        #expect(try view("a", in: room).role == .host)
        // And nobody else is made one of it.
        #expect(try view("b", in: room).role == .member)
    }

    @Test
    func whoIsRemovedStaysOut() throws {
        var room = try room("a", "b", inCall: true)
        let effects = try room.receive(.remove(MemberID("b")), from: MemberID("a"), through: "a1", at: start)
        #expect(effects.contains(.tell(["b1"], .denied)) && effects.contains(.putOut("b1")))
        #expect(effects.contains(.tellAll(.memberLeft(MemberID("b"), .removed))))
        #expect(effects.contains(.seatFreed(Self.network(2), relayUser: "relay stay-b")))
        #expect(code { _ = try room.join(arrival("b"), at: start) } == .denied)
    }

    // MARK: Lock and waiting list

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

    // MARK: Places

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

    // MARK: Coming back

    @Test
    func whoLostTheConnectionIsWaitedFor() throws {
        var room = try room("a", "b", inCall: true)
        var away = try view("b", in: room)
        away.isAway = true
        #expect(room.connectionLost(MemberID("b"), "b1", at: start) == [.tellAll(.member(away))])
        #expect(room.nextDeadline == start + Limits.grace)
        #expect(room.timeout(at: start + Limits.grace - .nanoseconds(1)) == [])
        // The page is the same: its connections are too.
        let back = try room.join(arrival("b", "b2", network: 2, stay: "stay-b"), at: start + .seconds(29))
        #expect(back.admission == .entered(call: .entered(relayUser: "relay stay-b", forgotten: false)))
        away.isAway = false
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
        #expect(back.admission == .entered(call: .entered(relayUser: "relay stay-b", forgotten: true)))
        let reloaded = try other.join(arrival("b", network: 2, stay: "stay-c"), at: start + .seconds(60))
        #expect(reloaded.admission == .entered(call: .entered(relayUser: "relay stay-c", forgotten: false)))
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
        #expect(room.timeout(at: start + Limits.reload).contains(.tellAll(.memberLeft(MemberID("b"), .lost))))
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
        #expect(room.member(MemberID("b"))?.seat?.connection == nil)
        _ = room.timeout(at: start + Limits.grace)
        #expect(try view("b", in: room).call == nil)
        #expect(try view("b", in: room).isAway == false)
        #expect(room.memberCount == 2)
    }

    // MARK: The call

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
    func guestsAreNotInTheCall() throws {
        var room = try room("a", "b", inCall: true)
        let effects = try room.receive(.role(MemberID("b"), .guest), from: MemberID("a"), through: "a1", at: start)
        #expect(effects.first == .seatFreed(Self.network(2), relayUser: "relay stay-b"))
        #expect(try view("b", in: room).call == nil)
        let again = try room.join(arrival("b", network: 2, stay: "s"), at: start)
        #expect(again.admission == .entered(call: .refused(.notAllowed)))
    }

    // MARK: Who is told

    @Test
    func handsHaveAnOrder() throws {
        var room = try room("a", "b")
        for id in ["b", "a"] { _ = try room.receive(.hand(true), from: MemberID(id), through: "\(id)1", at: start) }
        #expect(try view("b", in: room).hand == 1)
        #expect(try view("a", in: room).hand == 2)
        #expect(try room.receive(.hand(true), from: MemberID("b"), through: "b1", at: start) == [])
        _ = try room.receive(.hand(false), from: MemberID("b"), through: "b1", at: start)
        #expect(try view("b", in: room).hand == 0)
    }

    @Test
    func aLargeRoomIsTold() throws {
        var room = Room()
        for number in 0..<Limits.listedPeople {
            _ = try room.join(arrival("m\(number)", network: number), at: start - .seconds(60))
        }
        #expect(room.countDeadline == nil)
        // The next are a number to the others.
        let quiet = try room.join(arrival("q", network: 999), at: start)
        #expect(quiet.effects == [.tell(["q1"], .member(try view("q", in: room)))])
        _ = try room.join(arrival("r", network: 998), at: start)
        #expect(room.membersTold(to: MemberID("q")).count == Limits.listedPeople + 1)
        #expect(room.timeout(at: start + Limits.countInterval) == [.tellAll(.members(count: Limits.listedPeople + 2))])
        #expect(room.nextDeadline == nil)
        // Whoever enters the call is told of by name.
        _ = try room.enter(entry("s"), MemberID("r"), through: "r1", at: start)
        #expect(room.describe(MemberID("r")) == [.tellAll(.member(try view("r", in: room)))])
        // Whoever has left the call is a number again.
        let exit = try room.receive(.exit, from: MemberID("r"), through: "r1", at: start)
        #expect(exit.contains(.tellAll(.memberLeft(MemberID("r"), .unlisted))))
        #expect(room.membersTold(to: MemberID("m0")).count == Limits.listedPeople)
        // Whoever is next takes the place of a name that is free.
        _ = room.leave(MemberID("r"), through: "r1", at: start)
        let left = room.leave(MemberID("m5"), through: "m51", at: start)
        #expect(left == [.tellAll(.memberLeft(MemberID("m5"), .left)), .tellAll(.member(try view("q", in: room)))])
    }

    /// What one asks for costs all others something.
    @Test(arguments: [.hand(true), .typing(true), .exit] as [RoomRequest])
    func announcementsHaveALimit(_ request: RoomRequest) throws {
        var room = try room("a", "b")
        var refused = 0
        for _ in 0..<4000
        where code({ _ = try room.receive(request, from: MemberID("a"), through: "a1", at: start) }) != nil {
            refused += 1
        }
        #expect(refused > 900)
        // What is said has a limit of its own.
        let say = RoomRequest.say(byteCount: 1)
        #expect(code { _ = try room.receive(say, from: MemberID("b"), through: "b1", at: start) } == nil)
    }

    @Test
    func aRoomHasSoManyBytes() throws {
        var room = try room("a", "b")
        let large = RoomRequest.say(byteCount: Limits.roomBytes.burst)
        #expect(code { _ = try room.receive(large, from: MemberID("a"), through: "a1", at: start) } == nil)
        let small = RoomRequest.say(byteCount: 1)
        #expect(code { _ = try room.receive(small, from: MemberID("b"), through: "b1", at: start) } == .tooManyRequests)
    }
}
