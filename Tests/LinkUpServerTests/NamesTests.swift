import Testing

@testable import LinkUpServer

@Suite
struct NamesTests {
    @Test(arguments: ["a", "Team-7_x.y", String(repeating: "r", count: 64)])
    func acceptsRooms(text: String) throws {
        #expect(try RoomName(text).value == text)
    }

    @Test(arguments: ["", " ", "a b", "a/b", "caf\u{E9}", "a\0", "%41", String(repeating: "r", count: 65)])
    func refusesRooms(text: String) {
        #expect(throws: RequestError.self) { try RoomName(text) }
    }

    @Test(arguments: [
        ("Ada", "Ada"), ("  Ada \n", "Ada"), ("\u{A0}Ada\u{3000}", "Ada"), ("Ada Lovelace", "Ada Lovelace"),
        (String(repeating: "\u{1F600}", count: 64), String(repeating: "\u{1F600}", count: 64)),
        (" " + String(repeating: "n", count: 64) + " ", String(repeating: "n", count: 64)),
    ])
    func trimsDisplayNames(text: String, trimmed: String) throws {
        #expect(try DisplayName(text).value == trimmed)
    }

    @Test(arguments: ["", "   ", "\u{3000}", "a\u{7}b", "a\nb", "a\u{85}b", String(repeating: "n", count: 65)])
    func refusesDisplayNames(text: String) {
        #expect(throws: RequestError.self) { try DisplayName(text) }
    }

    @Test(arguments: [1, 4000])
    func acceptsTextsUpToTheLimit(count: Int) throws {
        let text = String(repeating: "\u{1F600}", count: count)
        #expect(try MessageText(text).value == text)
    }

    @Test(arguments: ["", "a\0b", String(repeating: "t", count: 4001)])
    func refusesTexts(text: String) {
        #expect(throws: RequestError.self) { try MessageText(text) }
    }

    @Test
    func checksKeys() throws {
        let longest = String(repeating: "k", count: 64)
        #expect(try MessageKey(longest).value == longest)
        for text in ["", longest + "k", "a\0", "a\n"] {
            #expect(throws: RequestError.self) { try MessageKey(text) }
        }
    }
}
