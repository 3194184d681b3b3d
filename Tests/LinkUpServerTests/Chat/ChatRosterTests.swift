import EngineIO
import Testing

@testable import LinkUpServer

@Suite
struct ChatRosterTests {
    private let lobby: RoomName
    private let kitchen: RoomName
    private let ada: DisplayName

    init() throws {
        lobby = try RoomName("lobby")
        kitchen = try RoomName("kitchen")
        ada = try DisplayName("Ada")
    }

    /// The person of each socket has the same id.
    private func enter(
        _ room: RoomName,
        _ roster: inout ChatRoster,
        socket: SocketID,
        id: String? = nil,
        network: Int = 1
    ) throws -> ChatRoster.Entered {
        let place = ChatRoster.Place(
            room: room,
            person: Person(id: ParticipantID(id ?? socket), name: ada),
            network: ClientNetwork(IPAddress("192.0.2.\(network)"))
        )
        return try roster.enter(place, socket: socket)
    }

    @Test
    func listsPeopleInOrderOfJoining() throws {
        var roster = ChatRoster()
        _ = try enter(lobby, &roster, socket: "2")
        let entered = try enter(lobby, &roster, socket: "1")
        #expect(entered.people.map(\.id.value) == ["2", "1"])
        #expect(entered.peopleCount == 2)
        #expect(roster.place(of: "1")?.room == lobby)
        #expect(roster.place(of: "3") == nil)
    }

    @Test
    func keepsASocketInOneRoom() throws {
        var roster = ChatRoster()
        _ = try enter(lobby, &roster, socket: "1")
        let moved = try enter(kitchen, &roster, socket: "1")
        #expect(moved.former?.room == lobby)
        let again = try enter(kitchen, &roster, socket: "1")
        #expect(again.former?.room == kitchen && again.replaced == nil)
        #expect(again.peopleCount == 1)
        #expect(roster.roomCount == 1)
    }

    @Test
    func forgetsWhoLeaves() throws {
        var roster = ChatRoster()
        _ = try enter(lobby, &roster, socket: "1")
        #expect(roster.leave("1")?.room == lobby)
        #expect(roster.leave("1") == nil)
        #expect(roster.place(of: "1") == nil)
        #expect(roster.roomCount == 0)
    }

    @Test
    func replacesTheSocketOfAPerson() throws {
        var roster = ChatRoster()
        _ = try enter(lobby, &roster, socket: "1", id: "a")
        let entered = try enter(lobby, &roster, socket: "2", id: "a")
        #expect(entered.replaced == "1" && entered.peopleCount == 1)
        #expect(roster.leave("1") == nil)
        #expect(roster.leave("2") != nil)
    }

    @Test
    func holdsAsManyAsTheLimitsAndNotOneMore() throws {
        var roster = ChatRoster()
        var last: ChatRoster.Entered?
        for index in 0..<RoomSize().people {
            last = try enter(lobby, &roster, socket: "\(index)", network: index / RoomSize().peopleOfNetwork)
            if index == Limits.listedPeople - 1 { #expect(last?.people.count == Limits.listedPeople) }
        }
        #expect(last?.peopleCount == RoomSize().people && last?.people.count == Limits.listedPeople)
        #expect(last?.people.last?.id.value == "\(RoomSize().people - 1)")
        #expect(last?.people.first?.id.value == "0")
        #expect(throws: RequestError.self) { try enter(lobby, &roster, socket: "x", network: 99) }
        _ = try enter(kitchen, &roster, socket: "x", network: 99)
        // Who is in already keeps the place.
        _ = try enter(lobby, &roster, socket: "3", network: 0)
        _ = roster.leave("499")
        _ = try enter(lobby, &roster, socket: "x", network: 99)
        #expect(roster.place(of: "x")?.room == lobby)
    }

    @Test
    func holdsSoManyOfANetwork() throws {
        var roster = ChatRoster()
        for index in 0..<RoomSize().peopleOfNetwork { _ = try enter(lobby, &roster, socket: "\(index)") }
        #expect(throws: RequestError.self) { try enter(lobby, &roster, socket: "x") }
        _ = try enter(lobby, &roster, socket: "x", network: 2)
    }
}
