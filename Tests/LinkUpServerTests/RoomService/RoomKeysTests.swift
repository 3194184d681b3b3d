import Foundation
import Testing

@testable import LinkUpServer

@Suite
struct RoomKeysTests {
    private let keys = RoomKeys(secret: Data(repeating: 7, count: 32))
    private let lobby: RoomName
    private let id = MemberID("AAAAAAAAAAAAAAAAAAAAAA")

    init() throws {
        lobby = try RoomName("lobby")
    }

    @Test
    func acceptsItsOwnKeyAfterARestart() {
        let key = keys.makeKey(room: lobby, id: id)
        let restarted = RoomKeys(secret: Data(repeating: 7, count: 32))
        #expect(restarted.verify(key, room: lobby) == id)
        #expect(key.utf8.count <= Limits.roomKey)
    }

    @Test
    func refusesAnotherRoomAndAnotherSecret() throws {
        let key = keys.makeKey(room: lobby, id: id)
        #expect(keys.verify(key, room: try RoomName("Lobby")) == nil)
        #expect(RoomKeys(secret: Data(repeating: 8, count: 32)).verify(key, room: lobby) == nil)
    }

    @Test
    func refusesEveryTruncationAndEveryChange() throws {
        let key = Array(keys.makeKey(room: lobby, id: id).utf8)
        for length in 0..<key.count {
            #expect(keys.verify(String(decoding: key[..<length], as: UTF8.self), room: lobby) == nil)
        }
        for index in key.indices {
            var changed = key
            changed[index] ^= 1
            #expect(keys.verify(String(decoding: changed, as: UTF8.self), room: lobby) == nil)
        }
    }

    @Test(arguments: ["", ".", "..", "x", "AAAAAAAAAAAAAAAAAAAAAA.", ".AAAA", "\u{1F600}.\u{1F600}"])
    func refusesNonsense(key: String) {
        #expect(keys.verify(key, room: lobby) == nil)
    }

    @Test
    func makesIDsOf22Characters() {
        var generator = SystemRandomNumberGenerator()
        let ids = (0..<100).map { _ in MemberID.random(using: &generator) }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.value.utf8.count == 22 && !$0.value.utf8.contains(UInt8(ascii: ".")) })
    }
}
