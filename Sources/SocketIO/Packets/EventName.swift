import NIOCore

/// The name of an event in the form in which handlers are found by it.
struct EventName: Sendable {
    /// The name.
    let string: String
    private let key: Key

    init(_ string: String) {
        self.string = string
        let utf8 = Array(string.utf8)
        key = Key(utf8.span, in: 0..<utf8.count)
    }

    /// Whether an event with these arguments has this name.
    @inline(__always)
    func matches(_ arguments: SocketArguments) -> Bool {
        // The string is not touched, nor retained, for the names that the keys tell apart.
        key.equals(arguments.nameKey) ?? string.isExactly(arguments.eventName)
    }
}

extension EventName {
    /// What is compared first: length, first and last bytes, which tell nearly all names apart.
    struct Key: Sendable {
        private let start: UInt32
        private let count: UInt32
        /// The first eight bytes; all of them when there are fewer.
        private let head: UInt64
        /// The last eight bytes when there are more than eight.
        private let tail: UInt64
        /// Whether there are escapes in the name, so that only the decoded name can be compared.
        let isEscaped: Bool

        /// The key of an acknowledgement, which has no name.
        static let none = Self()

        /// Whether there is a name.
        var isPresent: Bool { start > 0 }

        /// Where the name stands in its text, without quotation marks.
        var range: Range<Int> { Int(start)..<Int(start) + Int(count) }

        private init() {
            start = 0
            count = 0
            head = 0
            tail = 0
            isEscaped = false
        }

        /// Whether the names are equal; `nil` when the keys can't tell.
        @inline(__always)
        func equals(_ other: Self) -> Bool? {
            if other.isEscaped { return nil }
            guard count == other.count, head == other.head, tail == other.tail else { return false }
            return count <= 16 ? true : nil
        }

        /// Makes the key of the name at `range`.
        init(_ bytes: Span<UInt8>, in range: Range<Int>, isEscaped: Bool = false) {
            start = UInt32(truncatingIfNeeded: range.lowerBound)
            count = UInt32(truncatingIfNeeded: range.count)
            self.isEscaped = isEscaped
            if range.count >= 8 {
                head = Self.word(bytes, range.lowerBound)
                tail = Self.word(bytes, range.upperBound - 8)
            } else {
                var head: UInt64 = 0
                for index in range { head = head << 8 | UInt64(bytes[index]) }
                self.head = head
                tail = 0
            }
        }

        private static func word(_ bytes: Span<UInt8>, _ position: Int) -> UInt64 {
            bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
        }
    }
}
