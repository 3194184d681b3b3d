import EngineIO
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
        let participant = Participant(
            id: id,
            network: Self.network(1),
            relayUser: id.value,
            arrival: start,
            name: name,
            status: status,
            presence: .away(until: start)
        )
        var peer = Peer(participant, toldTo: id)
        peer.polite = polite
        return peer
    }

    /// Sockets are called as the participants, in capitals.
    private func makeCall(_ ids: ParticipantID...) throws -> CallDirectory {
        var directory = CallDirectory()
        for id in ids {
            _ = try join(lobby, &directory, newID: id, socket: id.value.uppercased())
        }
        return directory
    }

    private static func network(_ number: Int) -> ClientNetwork {
        ClientNetwork(IPAddress("192.0.2.\(number)"))
    }

    private func join(
        _ room: RoomName,
        _ directory: inout CallDirectory,
        resumed: ParticipantID? = nil,
        newID: ParticipantID,
        socket: SocketID,
        network: Int = 1,
        after wait: Duration = .zero
    ) throws -> CallRoom.Joined {
        let origin = Origin(socket: socket, network: Self.network(network), relayUser: "relay \(newID.value)")
        return try directory.join(
            room,
            name: name,
            resumed: resumed,
            newID: newID,
            from: origin,
            at: start - Limits.settling + wait
        )
    }

    private func route(
        from socket: SocketID,
        to id: ParticipantID,
        in directory: inout CallDirectory,
        byteCount: Int = 1,
        at now: ContinuousClock.Instant? = nil
    ) throws -> (sender: ParticipantID, receiver: SocketID) {
        try directory.route(from: socket, to: id, byteCount: byteCount, at: now ?? start)
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
        let joined = try join(lobby, &directory, newID: a, socket: "A")
        #expect(
            joined
                == CallRoom.Joined(
                    id: a,
                    relayUser: "relay a",
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
        let joined = try join(lobby, &directory, newID: b, socket: "B")
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
        let joined = try join(kitchen, &directory, newID: c, socket: "A")
        #expect(joined.id == c)
        #expect(joined.peers == [])
        #expect(joined.deliveries == [CallDelivery(socket: "B", event: .peerLeft(a))])
        #expect(directory.call(in: lobby)?.participants.map(\.id) == [b])
    }

    @Test
    func makesANewParticipantOfARejoinWithoutKey() throws {
        var directory = try makeCall(a, b)
        let joined = try join(lobby, &directory, newID: c, socket: "A")
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
            _ = try join(lobby, &directory, newID: ParticipantID("p\(index)"), socket: "\(index)")
        }
        _ = try join(kitchen, &directory, newID: c, socket: "C")
        let full = RequestError.refused(.participants, "This room already has 16 people in its call.")
        #expect(throws: full) { try join(lobby, &directory, newID: c, socket: "C") }
        #expect(directory.call(in: kitchen)?.contains(c) == true)
        // Who is in already takes its own place, and who is waited for gets it back.
        #expect(throws: Never.self) { try join(lobby, &directory, newID: a, socket: "3") }
        _ = directory.connectionLost("4", at: start)
        #expect(throws: full) { try join(lobby, &directory, newID: b, socket: "B") }
        let back = try join(lobby, &directory, resumed: ParticipantID("p4"), newID: b, socket: "B")
        #expect(back.id == ParticipantID("p4"))
        #expect(back.peers.count == Limits.participants - 1)
    }

    @Test
    func keepsThePlaceOfALostConnection() throws {
        var directory = try makeCall(a, b)
        let absence = try lose("A", in: &directory, at: start)
        #expect(absence.seat == CallDirectory.Seat(room: lobby, id: a))
        let deadline = start + .seconds(30)
        #expect(absence.deadline == deadline)
        #expect(absence.deliveries == [CallDelivery(socket: "B", event: .peerAway(a))])
        #expect(directory.connectionLost("A", at: start) == nil)
        #expect(directory.expire(absence.seat, at: deadline - .nanoseconds(1)) == [])
        #expect(directory.call(in: lobby)?.contains(a) == true)
        #expect(
            directory.expire(absence.seat, at: deadline)
                == [CallDelivery(socket: "B", event: .peerLeft(a))]
        )
        #expect(directory.expire(absence.seat, at: deadline) == [])
    }

    @Test
    func bringsBackWhoReturnsInTime() throws {
        var directory = try makeCall(a, b)
        let status = MediaStatus(audio: true, video: true, screen: false)
        _ = try directory.setStatus(status, socket: "A")
        let absence = try lose("A", in: &directory, at: start)
        let deadline = try #require(absence.deadline)
        let joined = try join(lobby, &directory, resumed: a, newID: c, socket: "A2")
        #expect(
            joined
                == CallRoom.Joined(
                    id: a,
                    relayUser: "relay a",
                    peers: [peer(b, polite: true)],
                    replaced: nil,
                    deliveries: [CallDelivery(socket: "B", event: .peerBack(peer(a, polite: false, status: status)))]
                )
        )
        #expect(directory.expire(absence.seat, at: deadline) == [])
        #expect(directory.call(in: lobby)?.participants.count == 2)
    }

    @Test
    func countsEachAbsenceByItself() throws {
        var directory = try makeCall(a, b)
        let first = try lose("A", in: &directory, at: start)
        _ = try join(lobby, &directory, resumed: a, newID: c, socket: "A2")
        let second = try lose("A2", in: &directory, at: start + .seconds(20))
        #expect(directory.expire(first.seat, at: try #require(first.deadline)) == [])
        #expect(directory.expire(second.seat, at: try #require(second.deadline)).count == 1)
    }

    @Test
    func replacesASocketThatStillLooksAlive() throws {
        var directory = try makeCall(a, b)
        let joined = try join(lobby, &directory, resumed: a, newID: c, socket: "A2")
        #expect(joined.replaced == "A")
        #expect(joined.deliveries == [CallDelivery(socket: "B", event: .peerBack(peer(a, polite: false)))])
        #expect(directory.connectionLost("A", at: start) == nil)
        #expect(throws: RequestError.notJoined) { try directory.setStatus(.silent, socket: "A") }
        #expect(try route(from: "B", to: a, in: &directory).receiver == "A2")
    }

    @Test
    func resumesOnTheSameSocket() throws {
        var directory = try makeCall(a, b)
        let joined = try join(lobby, &directory, resumed: a, newID: c, socket: "A")
        #expect(joined.replaced == nil)
        #expect(joined.id == a)
        #expect(directory.call(in: lobby)?.participants.count == 2)
    }

    @Test
    func givesTheOldIDToWhoIsNoLongerKnown() throws {
        var directory = try makeCall(b)
        let joined = try join(lobby, &directory, resumed: a, newID: c, socket: "A")
        #expect(joined.id == a)
        #expect(joined.deliveries == [CallDelivery(socket: "B", event: .peerJoined(peer(a, polite: false)))])
    }

    @Test
    func tellsNothingToWhoIsAway() throws {
        var directory = try makeCall(a, b)
        _ = directory.connectionLost("A", at: start)
        #expect(try directory.setStatus(.silent, socket: "B") == [])
        let joined = try join(lobby, &directory, newID: c, socket: "C")
        #expect(joined.peers.map(\.id) == [a, b])
        #expect(joined.deliveries.map(\.socket) == ["B"])
    }

    @Test
    func routesSignalsWithinTheCall() throws {
        var directory = try makeCall(a, b)
        _ = try join(kitchen, &directory, newID: c, socket: "C")
        let found = try route(from: "A", to: b, in: &directory)
        #expect(found.sender == a)
        #expect(found.receiver == "B")
        #expect(code { try route(from: "X", to: a, in: &directory) } == .notJoined)
        #expect(code { try route(from: "A", to: a, in: &directory) } == .unknownPeer)
        #expect(code { try route(from: "A", to: c, in: &directory) } == .unknownPeer)
        #expect(code { try route(from: "A", to: ParticipantID(""), in: &directory) } == .unknownPeer)
        _ = directory.connectionLost("B", at: start)
        #expect(code { try route(from: "A", to: b, in: &directory) } == .peerAway)
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

    @Test
    func keepsNoPlaceForWhoWasThereForABlink() throws {
        var directory = try makeCall(a)
        _ = try join(lobby, &directory, newID: b, socket: "B", after: .nanoseconds(1))
        let absence = try lose("B", in: &directory, at: start)
        #expect(absence.deadline == nil)
        #expect(absence.deliveries == [CallDelivery(socket: "A", event: .peerLeft(b))])
        #expect(directory.call(in: lobby)?.contains(b) == false)
        #expect(directory.takeDeparted() == ["relay b"])
    }

    @Test
    func keepsNoRoomLockedByPlacesWhereNobodyIs() throws {
        var directory = CallDirectory()
        for index in 0..<Limits.participants {
            let id = ParticipantID("p\(index)")
            _ = try join(lobby, &directory, newID: id, socket: "\(index)", network: index < 2 ? 9 : index % 2)
        }
        _ = directory.connectionLost("3", at: start)
        // One place of a network that is away is kept whatever comes.
        #expect(throws: RequestError.self) { try join(lobby, &directory, newID: c, socket: "C", network: 7) }
        _ = directory.connectionLost("5", at: start + .seconds(1))
        let joined = try join(lobby, &directory, newID: c, socket: "C", network: 7)
        #expect(joined.deliveries.first == CallDelivery(socket: "0", event: .peerLeft(ParticipantID("p3"))))
        #expect(directory.takeDeparted() == ["relay p3"])
        #expect(directory.call(in: lobby)?.participants.count == Limits.participants)
    }

    @Test
    func givesANetworkSoManyPlacesAndNotOneMore() throws {
        var directory = CallDirectory()
        for index in 0..<Limits.participantsOfNetwork {
            let room = try RoomName("room-\(index / Limits.participants)")
            _ = try join(room, &directory, newID: ParticipantID("p\(index)"), socket: "\(index)")
        }
        #expect(code { try join(lobby, &directory, newID: a, socket: "A") } == .roomFull)
        _ = try join(lobby, &directory, newID: b, socket: "B", network: 2)
        // Who is somewhere may go elsewhere.
        _ = try join(lobby, &directory, newID: c, socket: "0")
        _ = directory.leave("1")
        _ = try join(lobby, &directory, newID: a, socket: "A")
        #expect(code { try join(lobby, &directory, newID: ParticipantID("d"), socket: "D") } == .roomFull)
    }

    @Test
    func countsPlacesAsPeopleMoveAndReturn() throws {
        var directory = CallDirectory()
        for round in 0..<Limits.participantsOfNetwork + 1 {
            let id = ParticipantID("p\(round)")
            _ = try join(lobby, &directory, newID: id, socket: "A")
            _ = directory.connectionLost("A", at: start)
            _ = try join(lobby, &directory, resumed: id, newID: b, socket: "A", network: 2)
            _ = try join(kitchen, &directory, newID: c, socket: "A", network: 1)
            _ = directory.leave("A")
        }
        #expect(directory.roomCount == 0)
    }

    @Test
    func tellsWhoseCredentialsEnd() throws {
        var directory = try makeCall(a, b, c)
        #expect(directory.takeDeparted() == [])
        _ = directory.leave("A")
        #expect(directory.takeDeparted() == ["relay a"])
        let absence = try lose("B", in: &directory, at: start)
        #expect(directory.takeDeparted() == [])
        let back = try join(lobby, &directory, resumed: b, newID: a, socket: "B2")
        #expect(back.relayUser == "relay b")
        _ = directory.expire(absence.seat, at: start + Limits.grace)
        #expect(directory.takeDeparted() == [])
        let again = try lose("B2", in: &directory, at: start)
        _ = directory.expire(again.seat, at: start + Limits.grace)
        #expect(directory.takeDeparted() == ["relay b"])
        // A stay that ended is over: who comes back has another name.
        let anew = try join(lobby, &directory, resumed: b, newID: a, socket: "B3")
        #expect(anew.id == b && anew.relayUser == "relay a")
        _ = try join(kitchen, &directory, newID: ParticipantID("d"), socket: "C")
        #expect(directory.takeDeparted() == ["relay c"])
    }

    @Test
    func countsTheBytesOfAPair() throws {
        var directory = try makeCall(a, b, c)
        let burst = Limits.pairBytes.burst
        _ = try route(from: "A", to: b, in: &directory, byteCount: burst)
        #expect(code { try route(from: "A", to: b, in: &directory) } == .tooManyRequests)
        // Other pairs are other pairs, and so is the way back.
        _ = try route(from: "A", to: c, in: &directory)
        _ = try route(from: "B", to: a, in: &directory)
        _ = try route(from: "A", to: b, in: &directory, at: start + Limits.pairBytes.interval)
    }

    @Test
    func comparesIDsByTheirBytes() {
        // The sign for kelvin is canonically equal to the letter.
        #expect("\u{212A}" == "K")
        #expect(ParticipantID("\u{212A}") != ParticipantID("K"))
    }
}
