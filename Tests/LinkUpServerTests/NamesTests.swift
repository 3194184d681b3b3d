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

    /// What a name is made of it.
    @Test(arguments: [
        // Normal form C, and one kind of white space.
        ("Jose\u{301}", "Jos\u{E9}"), ("Ada \u{A0}\u{2003} L", "Ada L"), ("\u{1100}\u{1161}", "\u{AC00}"),
        // Marks of direction and characters without width.
        ("A\u{202E}d\u{202C}a", "Ada"), ("\u{2066}Ada\u{2069}", "Ada"), ("\u{200E}Ada\u{200F}", "Ada"),
        ("\u{61C}Ada", "Ada"), ("A\u{200B}d\u{2060}a", "Ada"), ("\u{FEFF}A\u{AD}da", "Ada"), ("A\u{200D}da", "Ada"),
        ("Ad\u{200C}a", "Ada"), ("A\u{FE0F}da", "Ada"), ("Ada\u{E0061}\u{E007F}", "Ada"), ("Ada\u{E0100}", "Ada"),
        ("Ada\u{3164}", "Ada"), ("A\u{34F}da", "Ada"), ("1\u{FE0F}", "1"), ("Ada\u{200B} ", "Ada"),
        // Where they shape what is beside them, they stay.
        ("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}"),
        ("\u{1F469}\u{1F3FD}\u{200D}\u{2695}\u{FE0F}", "\u{1F469}\u{1F3FD}\u{200D}\u{2695}\u{FE0F}"),
        ("\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}"), ("1\u{FE0F}\u{20E3}", "1\u{FE0F}\u{20E3}"),
        ("\u{645}\u{6CC}\u{200C}\u{62E}", "\u{645}\u{6CC}\u{200C}\u{62E}"),
        ("\u{915}\u{94D}\u{200D}\u{937}", "\u{915}\u{94D}\u{200D}\u{937}"),
        // Twice in a row they shape nothing.
        ("\u{645}\u{200C}\u{200C}\u{62E}", "\u{645}\u{200C}\u{62E}"),
        ("\u{2764}\u{FE0F}\u{FE0F}", "\u{2764}\u{FE0F}"),
        // Nobody is "you" but the one who looks.
        ("Ada (you)", "Ada"), ("Ada (YOU) ", "Ada"), ("Ada(you)", "Ada"), ("Ada \u{FF08}\u{FF59}ou\u{FF09}", "Ada"),
        ("Ada (\u{443}ou)", "Ada"), ("Ada (y\u{43E}u)", "Ada"), ("Ada (y\u{200B}ou)", "Ada"), ("Ada [you]", "Ada"),
        ("Ada (\u{24E8}\u{24DE}\u{24E4})", "Ada"), ("Ada (y.o.u.)", "Ada"), ("Ada (you) (you)", "Ada"),
        ("Ada (you", "Ada"), ("Ada ((you))", "Ada"), ("Ada (\u{1D432}\u{1D428}\u{1D42E})", "Ada"),
        ("Ada (y\u{F3}u)", "Ada"), ("Ada (yours)", "Ada (yours)"), ("Ada (Sales)", "Ada (Sales)"), ("you", "you"),
        ("(you) Ada", "(you) Ada"),
    ])
    func cleansDisplayNames(text: String, cleaned: String) throws {
        let value = try DisplayName(text).value
        #expect(value.utf8.elementsEqual(cleaned.utf8), "\(value.unicodeScalars.map { String($0.value, radix: 16) })")
    }

    @Test(arguments: [
        "\u{200B}", "\u{2066}\u{2069}", "\u{301}", "\u{301}Ada", "\u{2800}", "\u{3164}", "\u{AD}\u{FEFF}", "(you)",
        "\u{E0061}", "\u{FE0F}", "\u{200D}", "a\u{2028}b", "a\u{2029}b", "\u{E000}", "a\u{F0000}", "a\u{FFFE}",
        "a\u{378}", "x\u{323}\u{323}\u{323}\u{323}\u{323}", String(repeating: "\u{200B}", count: 2000),
        String(repeating: "n", count: 100_000),
    ])
    func refusesNamesThatCannotBeShown(text: String) {
        #expect(throws: RequestError.self) { try DisplayName(text) }
    }

    @Test
    func comparesKeysByTheirBytes() throws {
        #expect("\u{E9}" == "e\u{301}")
        #expect(try MessageKey("\u{E9}") != MessageKey("e\u{301}"))
    }
}
