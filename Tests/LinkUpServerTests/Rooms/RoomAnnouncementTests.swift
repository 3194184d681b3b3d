import EngineIO
import Testing

@testable import LinkUpServer

/// What the others are told, and how much of it.
@Suite
struct RoomAnnouncementTests: RoomSuite {
    let start = ContinuousClock.now

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
    @Test(arguments: [.hand(true), .typing(true), .react(.yes), .exit] as [RoomRequest])
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
    func reactionsReachTheOthersAndHaveALimit() throws {
        var room = try room("a", "b")
        let react = RoomRequest.react(.applause)
        for _ in 0..<Limits.roomReactions.burst {
            let effects = try room.receive(react, from: MemberID("a"), through: "a1", at: start)
            #expect(effects == [.tellOthers("a1", .reaction(MemberID("a"), .applause))])
        }
        #expect(code { _ = try room.receive(react, from: MemberID("b"), through: "b1", at: start) } == .tooManyRequests)
        // What has to be known of members is told all the same.
        #expect(code { _ = try room.receive(.hand(true), from: MemberID("b"), through: "b1", at: start) } == nil)
        let later = start + .seconds(1)
        for _ in 0..<Limits.roomReactions.perSecond {
            #expect(code { _ = try room.receive(react, from: MemberID("b"), through: "b1", at: later) } == nil)
        }
        #expect(code { _ = try room.receive(react, from: MemberID("b"), through: "b1", at: later) } == .tooManyRequests)
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
