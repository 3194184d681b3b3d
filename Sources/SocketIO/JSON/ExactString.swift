/// A string that equals another one only if both have the same bytes.
///
/// Swift takes strings for equal that Unicode calls canonically equivalent, a letter with an accent and the letter
/// followed by the accent, and so would take two names of a peer for one that every other implementation keeps apart.
/// Wherever a peer's text is a key, it is one of these.
struct ExactString: Hashable, Sendable {
    let string: String

    @inline(__always)
    init(_ string: String) {
        self.string = string
    }

    static func == (one: Self, other: Self) -> Bool {
        one.string.isExactly(other.string)
    }

    func hash(into hasher: inout Hasher) {
        let isDone: Void? = string.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isDone == nil { Array(string.utf8).withUnsafeBytes { hasher.combine(bytes: $0) } }
    }
}

extension String {
    /// Whether the strings have the same bytes.
    func isExactly(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isEqual = utf8.withContiguousStorageIfAvailable { one in
            other.utf8.withContiguousStorageIfAvailable { other in
                UnsafeRawBufferPointer(one).elementsEqual(UnsafeRawBufferPointer(other))
            }
        }
        return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
    }

    /// Whether there is U+FFFD in the string, which half of a surrogate pair becomes.
    ///
    /// Different halves become the same string, so one with it can't be a name.
    var hasReplacementCharacter: Bool { unicodeScalars.contains("\u{FFFD}") }
}
