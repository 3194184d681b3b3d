import NIOCore

/// The name of an event in the form in which handlers are found by it.
///
/// Length and first bytes tell nearly all names apart; the rest is compared only when these are equal.
struct EventName: Sendable {
    /// The name.
    let string: String
    private let utf8: [UInt8]
    private let head: UInt64

    init(_ string: String) {
        self.string = string
        let utf8 = Array(string.utf8)
        self.utf8 = utf8
        head = Self.head(utf8.span)
    }

    /// Whether an event with these arguments, whose key is `key`, has this name.
    func matches(_ key: Key, of arguments: SocketArguments) -> Bool {
        if let decoded = key.decoded { return decoded == string }
        guard key.range.count == utf8.count, key.head == head else { return false }
        if utf8.count <= 8 { return true }
        let bytes = arguments.text.readableBytesUInt8Span.extracting(key.range)
        for index in 8..<utf8.count where bytes[index] != utf8[index] { return false }
        return true
    }

    /// The first eight bytes of a name; of a shorter one all of them, so that names of one length differ.
    private static func head(_ bytes: Span<UInt8>) -> UInt64 {
        if bytes.count >= 8 { return bytes.bytes.unsafeLoadUnaligned(as: UInt64.self) }
        var head: UInt64 = 0
        for index in bytes.indices { head = head << 8 | UInt64(bytes[index]) }
        return head
    }

    /// What is compared of the name that came with an event.
    struct Key {
        /// Where the name stands, without quotation marks.
        fileprivate let range: Range<Int>
        fileprivate let head: UInt64
        /// The name, if there are escapes in it.
        fileprivate let decoded: String?

        init(_ arguments: SocketArguments) {
            let bytes = arguments.text.readableBytesUInt8Span
            range = arguments.nameRange
            head = EventName.head(bytes.extracting(range))
            decoded = arguments.isNameEscaped ? arguments.eventName : nil
        }
    }
}
