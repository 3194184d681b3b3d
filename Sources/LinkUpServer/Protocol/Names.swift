extension String {
    /// Whether the text is 1 to `length` of the letters and digits of ASCII, `-`, `_` and `others`.
    func isToken(upTo length: Int, with others: String = "") -> Bool {
        (1...length).contains(utf8.count)
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default:
                    others.utf8.contains(byte)
                }
            }
    }
}

/// The name of a room: what stands behind `/r/` in the address of the page.
struct RoomName: Hashable, Sendable {
    /// The name as given; names differ by case.
    let value: String

    /// Checks a name.
    /// - Throws: `bad-request` unless it is 1 to 64 characters of `a-z A-Z 0-9 - _ .`.
    init(_ text: String) throws(RequestError) {
        guard text.isToken(upTo: Limits.roomName, with: ".") else { throw .badRequest("room", limit: Limits.roomName) }
        value = text
    }
}

/// The text of a chat message.
struct MessageText: Hashable, Sendable {
    /// The text as given.
    let value: String

    /// Checks a text.
    /// - Throws: `bad-request` unless it is 1 to 4,000 characters without U+0000, which SQLite takes for the end.
    init(_ text: String) throws(RequestError) {
        guard (1...Limits.messageText).contains(text.unicodeScalars.count), !text.unicodeScalars.contains("\0") else {
            throw .badRequest("text", limit: Limits.messageText)
        }
        value = text
    }
}

/// What a client makes up for each message so that a repeated `say` stores nothing twice.
struct MessageKey: Hashable, Sendable {
    /// The key as given.
    let value: String

    /// Checks a key.
    /// - Throws: `bad-request` unless it is 1 to 64 characters, none of them a control character.
    init(_ text: String) throws(RequestError) {
        let scalars = text.unicodeScalars
        guard (1...Limits.messageKey).contains(scalars.count),
            !scalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw .badRequest("key", limit: Limits.messageKey)
        }
        value = text
    }

    /// Keys are the same when their bytes are; strings of other bytes can be equal.
    static func == (left: Self, right: Self) -> Bool {
        left.value.utf8.elementsEqual(right.value.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in value.utf8 { hasher.combine(byte) }
    }
}

extension RoomName: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
