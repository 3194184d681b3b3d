/// Names a stay in a call: what a client made up for as long as it keeps its connections to the peers.
struct Stay: Hashable, Sendable {
    /// The name as given.
    let value: String

    /// Checks a name.
    /// - Throws: `bad-request` unless it is 1 to 32 characters of `a-z A-Z 0-9 - _`.
    init(_ text: String) throws(RequestError) {
        guard (1...Limits.stay).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw .badRequest("stay", limit: Limits.stay)
        }
        value = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
