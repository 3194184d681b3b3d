import Testing

@testable import LinkUpServer

/// Who may do what: roles, ranks and the host.
@Suite
struct RoomPermissionTests: RoomSuite {
    let start = ContinuousClock.now

    /// What each role may ask for; nothing else.
    static let permissions: [(RoomRequest, allowed: Set<Role>)] = {
        let (all, active) = (Set(Role.allCases), Set<Role>([.host, .moderator, .member]))
        let (orderly, host) = (Set<Role>([.host, .moderator]), Set<Role>([.host]))
        let target = MemberID("t")
        return [
            (.read, all), (.hand(true), all), (.react(.heart), all), (.exit, all), (.say(byteCount: 1), active),
            (.amend(byteCount: 1), active),
            (.typing(true), active), (.clear, orderly), (.lock(true), orderly), (.remove(target), orderly),
            (.lower(target), orderly), (.lower(nil), orderly),
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

    /// Whose hand who may lower: those of hosts are for hosts.
    @Test(arguments: [Role.host, .moderator], Role.allCases)
    func handsAreLowered(by role: Role, of other: Role) throws {
        var room = try room("h", "a", "b", "c")
        for (id, role) in [("a", role), ("b", other)] { _ = try room.give(role, to: MemberID(id), at: start) }
        for id in ["a", "b", "c"] {
            _ = try room.receive(.hand(true), from: MemberID(id), through: "\(id)1", at: start)
        }
        let may = role == .host || other != .host
        let lower = { (room: inout Room, id: String?) in
            try room.receive(.lower(id.map { MemberID($0) }), from: MemberID("a"), through: "a1", at: start)
        }
        var one = room
        if may {
            #expect(try lower(&one, "b") == [.tellAll(.member(try view("b", in: one)))])
            #expect(try lower(&one, "b") == [], "it is down already")
        } else {
            #expect(code { _ = try lower(&one, "b") } == .notAllowed)
        }
        #expect(try view("b", in: one).hand == (may ? 0 : 2))
        #expect(try view("c", in: one).hand == 3)
        #expect(code { _ = try lower(&one, "nobody") } == .unknownMember)
        // All that it may, its own among them, each of which is told.
        let all = try lower(&room, nil)
        #expect(all.count == (may ? 3 : 2))
        #expect(try ["a", "b", "c"].map { try view($0, in: room).hand } == [0, may ? 0 : 2, 0])
        // The order goes on.
        _ = try room.receive(.hand(true), from: MemberID("c"), through: "c1", at: start)
        #expect(try view("c", in: room).hand == 4)
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
}
