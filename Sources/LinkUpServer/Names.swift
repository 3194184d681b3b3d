/// The name of a room: what stands behind `/r/` in the address of the page.
struct RoomName: Hashable, Sendable {
    /// The name as given; names differ by case.
    let value: String

    /// Checks a name.
    /// - Throws: `bad-request` unless it is 1 to 64 characters of `a-z A-Z 0-9 - _ .`.
    init(_ text: String) throws(RequestError) {
        guard (1...Limits.roomName).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw .badRequest(
                "`room` must be 1 to \(Limits.roomName) characters of a-z, A-Z, 0-9, hyphen, underscore and dot."
            )
        }
        value = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default:
            false
        }
    }
}

/// The name that the others see; not unique, and nothing is decided by it.
struct DisplayName: Hashable, Sendable {
    /// The name without white space around it.
    let value: String

    /// Trims and checks a name.
    /// - Throws: `bad-request` unless 1 to 64 characters are left and none of them is a control character.
    init(_ text: String) throws(RequestError) {
        let scalars = text.unicodeScalars
        let isInk = { (scalar: Unicode.Scalar) in !scalar.properties.isWhitespace }
        guard let first = scalars.firstIndex(where: isInk), let last = scalars.lastIndex(where: isInk),
            scalars[first...last].count <= Limits.displayName,
            !scalars[first...last].contains(where: { $0.properties.generalCategory == .control })
        else {
            throw .badRequest(
                "`name` must be 1 to \(Limits.displayName) characters after trimming, none of them a control character."
            )
        }
        value = String(scalars[first...last])
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
            throw .badRequest("`text` must be 1 to \(Limits.messageText) characters, none of them U+0000.")
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
            throw .badRequest(
                "`key` must be 1 to \(Limits.messageKey) characters, none of them a control character."
            )
        }
        value = text
    }
}

extension RoomName: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

extension DisplayName: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
