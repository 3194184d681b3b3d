import Testing

@testable import LinkUpServer

@Suite
struct CallDirectoryTests {
    private let lobby: RoomName
    private let kitchen: RoomName
    private let name: DisplayName
    private let start = ContinuousClock.now
    private let a = ParticipantID("a")
    private let b = ParticipantID("b")
    private let c = ParticipantID("c")

    init() throws {
        lobby = try RoomName("lobby")
        kitchen = try RoomName("kitchen")
        name = try DisplayName("Ada")
    }

    private func peer(_ id: ParticipantID, polite: Bool, status: MediaStatus = .silent) -> Peer {
        let participant = Participant(id: id, name: name, status: status, presence: .away(until: start))
        var peer = Peer(participant, toldTo: id)
        peer.polite = polite
        return peer
    }

    /// Sockets are called as the participants, in capitals.
    private func makeCall(_ ids: ParticipantID...) throws -> CallDirectory {
        var directory = CallDirectory()
        for id in ids {
            _ = try directory.join(lobby, name: name, resumed: nil, newID: id, socket: id.value.uppercased())
        }
        return directory
    }

    private func lose(
        _ socket: SocketID,
        in directory: inout CallDirectory,
        at now: ContinuousClock.Instant
    ) throws -> CallDirectory.Absence {
        let absence = directory.connectionLost(socket, at: now)
        return try #require(absence)
    }

    @Test
    func tellsBothSidesOfAJoin() throws {
        var directory = try makeCall(b)
        let joined = try directory.join(lobby, name: name, resumed: nil, newID: a, socket: "A")
        #expect(
            joined
                == CallRoom.Joined(
                    id: a,
                    peers: [peer(b, polite: true)],
                    replaced: nil,
                    deliveries: [CallDelivery(socket: "B", event: .peerJoined(peer(a, polite: false)))]
                )
        )
    }

    @Test
    func tellsTheNewcomerWhatOthersSend() throws {
        var directory = try makeCall(a)
        let status = MediaStatus(audio: true, video: false, screen: true)
        #expect(try directory.setStatus(status, socket: "A") == [])
        let joined = try directory.join(lobby, name: name, resumed: nil, newID: b, socket: "B")
        #expect(joined.peers == [peer(a, polite: false, status: status)])
    }

    @Test
    func tellsOthersOfAStatus() throws {
        var directory = try makeCall(a, b, c)
        let status = MediaStatus(audio: true, video: true, screen: false)
        #expect(
            try directory.setStatus(status, socket: "B")
                == ["A", "C"].map { CallDelivery(socket: $0, event: .peerStatus(b, status)) }
        )
        #expect(throws: RequestError.notJoined) { try directory.setStatus(status, socket: "X") }
    }

    @Test
    func leavesTheFormerRoomOnJoiningAnother() throws {
        var directory = try makeCall(a, b)
        let joined = try directory.join(kitchen, name: name, resumed: nil, newID: c, socket: "A")
        #expect(joined.id == c)
        #expect(joined.peers == [])
        #expect(joined.deliveries == [CallDelivery(socket: "B", event: .peerLeft(a))])
        #expect(directory.call(in: lobby)?.participants.map(\.id) == [b])
    }

    @Test
    func makesANewParticipantOfARejoinWithoutKey() throws {
        var directory = try makeCall(a, b)
        let joined = try directory.join(lobby, name: name, resumed: nil, newID: c, socket: "A")
        #expect(joined.peers == [peer(b, polite: false)])
        #expect(
            joined.deliveries == [
                CallDelivery(socket: "B", event: .peerLeft(a)),
                CallDelivery(socket: "B", event: .peerJoined(peer(c, polite: true))),
            ]
        )
    }

    @Test
    func forgetsRoomsThatAreEmpty() throws {
        var directory = try makeCall(a, b)
        #expect(directory.leave("A") == [CallDelivery(socket: "B", event: .peerLeft(a))])
        #expect(directory.leave("A") == [])
        #expect(directory.leave("B") == [])
        #expect(directory.roomCount == 0)
    }

    @Test
    func holdsAsManyAsTheLimitAndNotOneMore() throws {
        var directory = CallDirectory()
        for index in 0..<Limits.participants {
            _ = try directory.join(
                lobby,
                name: name,
                resumed: nil,
                newID: ParticipantID("p\(index)"),
                socket: "\(index)"
            )
        }
        _ = try directory.join(kitchen, name: name, resumed: nil, newID: c, socket: "C")
        let full = RequestError(code: .roomFull, message: "This room already has 16 people in its call.")
        #expect(throws: full) { try directory.join(lobby, name: name, resumed: nil, newID: c, socket: "C") }
        #expect(directory.call(in: kitchen)?.contains(c) == true)
        // Who is in already takes its own place, and who is waited for gets it back.
        #expect(throws: Never.self) { try directory.join(lobby, name: name, resumed: nil, newID: a, socket: "3") }
        _ = directory.connectionLost("4", at: start)
        #expect(throws: full) { try directory.join(lobby, name: name, resumed: nil, newID: b, socket: "B") }
        let back = try directory.join(lobby, name: name, resumed: ParticipantID("p4"), newID: b, socket: "B")
        #expect(back.id == ParticipantID("p4"))
        #expect(back.peers.count == Limits.participants - 1)
    }

    @Test
    func keepsThePlaceOfALostConnection() throws {
        var directory = try makeCall(a, b)
        let absence = try lose("A", in: &directory, at: start)
        #expect(absence.seat == CallDirectory.Seat(room: lobby, id: a))
        #expect(absence.deadline == start + .seconds(30))
        #expect(absence.deliveries == [CallDelivery(socket: "B", event: .peerAway(a))])
        #expect(directory.connectionLost("A", at: start) == nil)
        #expect(directory.expire(absence.seat, at: absence.deadline - .nanoseconds(1)) == [])
        #expect(directory.call(in: lobby)?.contains(a) == true)
        #expect(
            directory.expire(absence.seat, at: absence.deadline)
                == [CallDelivery(socket: "B", event: .peerLeft(a))]
        )
        #expect(directory.expire(absence.seat, at: absence.deadline) == [])
    }

    @Test
    func bringsBackWhoReturnsInTime() throws {
        var directory = try makeCall(a, b)
        let status = MediaStatus(audio: true, video: true, screen: false)
        _ = try directory.setStatus(status, socket: "A")
        let absence = try lose("A", in: &directory, at: start)
        let joined = try directory.join(lobby, name: name, resumed: a, newID: c, socket: "A2")
        #expect(
            joined
                == CallRoom.Joined(
                    id: a,
                    peers: [peer(b, polite: true)],
                    replaced: nil,
                    deliveries: [CallDelivery(socket: "B", event: .peerBack(peer(a, polite: false, status: status)))]
                )
        )
        #expect(directory.expire(absence.seat, at: absence.deadline) == [])
        #expect(directory.call(in: lobby)?.participants.count == 2)
    }

    @Test
    func countsEachAbsenceByItself() throws {
        var directory = try makeCall(a, b)
        let first = try lose("A", in: &directory, at: start)
        _ = try directory.join(lobby, name: name, resumed: a, newID: c, socket: "A2")
        let second = try lose("A2", in: &directory, at: start + .seconds(20))
        #expect(directory.expire(first.seat, at: first.deadline) == [])
        #expect(directory.expire(second.seat, at: second.deadline).count == 1)
    }

    @Test
    func replacesASocketThatStillLooksAlive() throws {
        var directory = try makeCall(a, b)
        let joined = try directory.join(lobby, name: name, resumed: a, newID: c, socket: "A2")
        #expect(joined.replaced == "A")
        #expect(joined.deliveries == [CallDelivery(socket: "B", event: .peerBack(peer(a, polite: false)))])
        #expect(directory.connectionLost("A", at: start) == nil)
        #expect(throws: RequestError.notJoined) { try directory.setStatus(.silent, socket: "A") }
        #expect(try directory.route(from: "B", to: a).receiver == "A2")
    }

    @Test
    func resumesOnTheSameSocket() throws {
        var directory = try makeCall(a, b)
        let joined = try directory.join(lobby, name: name, resumed: a, newID: c, socket: "A")
        #expect(joined.replaced == nil)
        #expect(joined.id == a)
        #expect(directory.call(in: lobby)?.participants.count == 2)
    }

    @Test
    func givesTheOldIDToWhoIsNoLongerKnown() throws {
        var directory = try makeCall(b)
        let joined = try directory.join(lobby, name: name, resumed: a, newID: c, socket: "A")
        #expect(joined.id == a)
        #expect(joined.deliveries == [CallDelivery(socket: "B", event: .peerJoined(peer(a, polite: false)))])
    }

    @Test
    func tellsNothingToWhoIsAway() throws {
        var directory = try makeCall(a, b)
        _ = directory.connectionLost("A", at: start)
        #expect(try directory.setStatus(.silent, socket: "B") == [])
        let joined = try directory.join(lobby, name: name, resumed: nil, newID: c, socket: "C")
        #expect(joined.peers.map(\.id) == [a, b])
        #expect(joined.deliveries.map(\.socket) == ["B"])
    }

    @Test
    func routesSignalsWithinTheCall() throws {
        var directory = try makeCall(a, b)
        _ = try directory.join(kitchen, name: name, resumed: nil, newID: c, socket: "C")
        let route = try directory.route(from: "A", to: b)
        #expect(route.sender == a)
        #expect(route.receiver == "B")
        #expect(code { try directory.route(from: "X", to: a) } == .notJoined)
        #expect(code { try directory.route(from: "A", to: a) } == .unknownPeer)
        #expect(code { try directory.route(from: "A", to: c) } == .unknownPeer)
        #expect(code { try directory.route(from: "A", to: ParticipantID("")) } == .unknownPeer)
        _ = directory.connectionLost("B", at: start)
        #expect(code { try directory.route(from: "A", to: b) } == .peerAway)
    }

    @Test
    func numbersJoinsUpwards() {
        var directory = CallDirectory()
        #expect(directory.makeEpoch(time: 100) == 100)
        #expect(directory.makeEpoch(time: 100) == 101)
        #expect(directory.makeEpoch(time: 50) == 102)
        #expect(directory.makeEpoch(time: 200) == 200)
    }

    private func code(_ body: () throws -> some Any) -> RequestError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? RequestError)?.code
        }
    }
}
