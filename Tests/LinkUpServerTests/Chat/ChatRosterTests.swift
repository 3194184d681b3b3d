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

    @Test
    func listsPeopleInOrderOfJoining() throws {
        var roster = ChatRoster()
        let bob = try DisplayName("Bob")
        roster.enter(lobby, name: bob, socket: "2")
        roster.enter(lobby, name: ada, socket: "1")
        #expect(roster.people(in: lobby) == [Person(id: "2", name: bob), Person(id: "1", name: ada)])
        #expect(roster.people(in: kitchen) == [])
        #expect(roster.place(of: "1") == ChatRoster.Place(room: lobby, name: ada))
        #expect(roster.place(of: "3") == nil)
    }

    @Test
    func keepsASocketInOneRoom() {
        var roster = ChatRoster()
        roster.enter(lobby, name: ada, socket: "1")
        roster.enter(kitchen, name: ada, socket: "1")
        roster.enter(kitchen, name: ada, socket: "1")
        #expect(roster.people(in: lobby) == [])
        #expect(roster.people(in: kitchen) == [Person(id: "1", name: ada)])
        #expect(roster.roomCount == 1)
    }

    @Test
    func forgetsWhoLeaves() {
        var roster = ChatRoster()
        roster.enter(lobby, name: ada, socket: "1")
        #expect(roster.leave("1") == lobby)
        #expect(roster.leave("1") == nil)
        #expect(roster.place(of: "1") == nil)
        #expect(roster.roomCount == 0)
    }
}
