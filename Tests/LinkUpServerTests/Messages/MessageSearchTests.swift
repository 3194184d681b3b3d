import Foundation
import GRDB
import TestSupport
import Testing

@testable import LinkUpServer

@Suite
struct MessageSearchTests {
    private let folder: TemporaryFolder
    private let store: SQLiteMessageStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteMessageStore(path: folder.path("chat.sqlite")) { _, _ in }
    }

    private static let texts = [
        "Good morning, everybody",
        "The Café opens at 9 — \"bring\" your *own* cup",
        "cafe\u{301} CAFÉ naïve Straße ΟΔΟΣ",
        "mornings NEAR the river OR not",
        "don't re-open foo_bar; see https://example.org/a?b=c",
        "text:hello name:bob ^start -minus",
        "今日は東京タワーに行きました。とても楽しかった",
        "我们明天在北京见面",
        "ฉันรักภาษาไทย",
        "हिन्दी भाषा सुंदर है",
        "السلام عليكم",
        "한국어를 배웁니다",
        "mixed 東京tower text",
        "1x2 2xgood",
    ]

    private func fill() async throws {
        for text in Self.texts { _ = try await store.append(messageDraft(text)) }
        // Whoever reads others' rooms would find these.
        for text in Self.texts { _ = try await store.append(messageDraft(text, room: "kitchen")) }
    }

    @Test
    func findsWords() async throws {
        try await fill()
        let table: [(String, [Int64])] = [
            ("morning", [4, 1]), ("mornings", [4]), ("MORN", [4, 1]), ("orning", []), ("good morning", [1]),
            ("morning good", [1]), ("good evening", []), ("goo mornings", []), ("mor goo", []), ("cafe", [3, 2]),
            ("Café", [3, 2]), ("CAFE\u{301}", [3, 2]), ("caf", [3, 2]), ("naive", [3]), ("strasse", []),
            ("straße", [3]),
            ("οδος", [3]), ("the river", [4]), ("don't", [5]), ("don t", [5]), ("re-open", [5]), ("foo_bar", [5]),
            ("example.org", [5]), ("bring", [2]), ("own cup", [2]), ("9", [2]),
            // Scripts without spaces: what stands in the text as it is.
            ("東京", [13, 7]), ("京", [13, 8, 7]), ("東京タワー", [7]), ("京東", []), ("タワー に", [7]), ("北京", [8]),
            ("明天 北京", [8]), ("明北", []), ("東京tow", [13]), ("tower", [13]), ("ภาษา", [9]), ("รัก", [9]), ("กรั", []),
            // Scripts with spaces.
            ("हिन्दी", [10]), ("हिन्", [10]), ("भाषा", [10]), ("सلام", []), ("السلام", [11]), ("한국어", [12]), ("배웁니다", [12]),
            // What stands before the words in the index.
            ("1x", [14]), ("1xgood", []), ("2x", [14]), ("xgood", []), ("good", [1]), ("2xgood", [14]),
        ]
        for (text, numbers) in table { #expect(try await store.find(text) == numbers, "\(text)") }
    }

    /// What is typed is words, never a language; so that nothing is found, but what has the words.
    @Test
    func takesNothingForSyntax() async throws {
        try await fill()
        let table: [(String, [Int64])] = [
            ("", []), (" ", []), ("\n\t", []), ("\"", []), ("\"\"", []), ("'", []), ("*", []), ("-", []), ("^", []),
            ("()", []), ("(", []), (")", []), ("{}", []), (":", []), ("+", []), ("...", []), ("\\", []), ("%", []),
            ("_", []), ("🎉", []), ("\u{200D}", []), ("\u{0}", []), ("\"good", [1]), ("good\"", [1]),
            ("\"good morning\"", [1]), ("\"morning good\"", [1]), ("good*", [1]), ("*good", [1]), ("go* morning", []),
            ("morning NOT good", []), ("NOT", [4]), ("OR", [5, 4]), ("AND", []), ("NEAR", [4]), ("morning OR cafe", []),
            ("near or not", [4]), ("NEAR(the river)", [4]), ("NEAR(good morning, 5)", []), ("text : good", []),
            ("text:hello", [6]), ("{text}: hello", [6]), ("hello - text", [6]), ("-minus", [6]), ("^start", [6]),
            ("message_words:hello", []), ("rank:hello", []), ("good + morning", [1]), ("good\u{0}morning", [1]),
            ("\"; DROP TABLE message; --", []), ("good' OR '1'='1", []), ("\u{301}", []), ("\u{E000}", []),
        ]
        for (text, numbers) in table { #expect(try await store.find(text) == numbers, "\(text.debugDescription)") }
        #expect(try await store.find("good") == [1])
        #expect(try await store.find("good", in: "nowhere").isEmpty)
    }

    @Test
    func everyCharacterIsTaken() async throws {
        // Every 331st character; what is a word to one Unicode and none to another must not be a fault.
        _ = try await store.append(messageDraft("a"))
        for value in stride(from: UInt32(1), to: 0x110000, by: 331) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            _ = try await store.find("\(scalar)a\"\(scalar)\(scalar)")
        }
        #expect(try await store.find("a") == [1])
    }

    @Test(arguments: [(200, true), (201, false)])
    func hasAnEnd(count: Int, isTaken: Bool) async throws {
        for unit in ["a", "a ", "東", "\"", "é"] {
            let text = String(String(repeating: unit, count: count).unicodeScalars.prefix(count))
            guard isTaken else {
                #expect(throws: RequestError.self) { try SearchText(text) }
                continue
            }
            _ = try await store.append(messageDraft(text))
            let number = try await store.lastNumber(in: RoomName("lobby"))
            #expect(try await store.find(text).contains(number) == (unit != "\""), "\(unit)")
        }
    }

    @Test
    func pagesFromTheNewest() async throws {
        for index in 1...7 {
            _ = try await store.append(messageDraft("word \(index)"))
            _ = try await store.append(messageDraft("other \(index)"))
        }
        let room = try RoomName("lobby")
        let text = try SearchText("word")
        let first = try await store.search(text, in: room, before: .max, limit: 3, maxBytes: .max)
        #expect(first.messages.map(\.number) == [13, 11, 9] && first.more)
        let second = try await store.search(text, in: room, before: 9, limit: 4, maxBytes: .max)
        #expect(second.messages.map(\.number) == [7, 5, 3, 1] && !second.more)
        let bytes = first.messages[0].jsonBytes
        let small = try await store.search(text, in: room, before: .max, limit: 9, maxBytes: 2 * bytes)
        #expect(small.messages.map(\.number) == [13, 11] && small.more)
        let one = try await store.search(text, in: room, before: .max, limit: 9, maxBytes: 1)
        #expect(one.messages.map(\.number) == [13] && one.more)
        for number in [1, 0, -1, .min] as [Int64] {
            let none = try await store.search(text, in: room, before: number, limit: 9, maxBytes: .max)
            #expect(none == MessagePage(messages: [], more: false))
        }
    }

    @Test
    func findsWhatMessagesAreNow() async throws {
        for text in ["apple pear", "apple", "!!!", "plum"] { _ = try await store.append(messageDraft(text, at: 1)) }
        _ = try await store.edit(1, to: "pear cherry")
        #expect(try await store.find("apple") == [2])
        #expect(try await store.find("pear") == [1])
        #expect(try await store.find("cherry") == [1])
        _ = try await store.edit(3, to: "apple")
        _ = try await store.delete(2)
        _ = try await store.delete(4)
        #expect(try await store.find("apple") == [3])
        #expect(try await store.find("plum").isEmpty)
        let count = "SELECT COUNT(*) FROM message_words WHERE message_words MATCH '1xplum OR 1xcherry'"
        #expect(try await store.pool?.read { try Int.fetchOne($0, sql: count) } == 1)
        #expect(await store.sweep(before: 2) == 4)
        #expect(try await store.find("apple").isEmpty)
        let rest = "SELECT COUNT(*) FROM message_words WHERE message_words MATCH '1x *'"
        #expect(try await store.pool?.read { try Int.fetchOne($0, sql: rest) } == 0)
        try await store.pool?.write {
            try $0.execute(sql: "INSERT INTO message_words (message_words) VALUES ('integrity-check')")
        }
    }

    /// Shows how long it takes; what it may take is for a machine without others.
    @Test
    func findsInTenThousand() async throws {
        let words = (0..<2000).map { index in String(index * 7919 % 100_003, radix: 36) + "word" }
        for start in stride(from: 0, to: 10_000, by: 500) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in start..<start + 500 {
                    let text = (0..<10).map { words[(index * 31 + $0 * $0 * 17) % words.count] }.joined(separator: " ")
                    group.addTask { [store] in
                        _ = try await store.append(
                            messageDraft(index % 100 == 0 ? "\(text) needle 東京" : "\(text) common")
                        )
                    }
                }
                try await group.waitForAll()
            }
        }
        let room = try RoomName("lobby")
        for (text, count) in [("needle", 100), ("common", 100), ("c", 100), ("needle common", 0), ("東京", 100)] {
            let start = ContinuousClock.now
            let page = try await store.search(SearchText(text), in: room, before: .max, limit: 100, maxBytes: .max)
            print("search of 10,000 messages for \(text): \(start.duration(to: .now))")
            #expect(page.messages.count == count)
        }
    }
}
