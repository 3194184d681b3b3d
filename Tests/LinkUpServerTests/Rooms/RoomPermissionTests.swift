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
}
