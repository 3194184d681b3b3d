/// Where the elements of an array stand in a text.
///
/// The first four need no allocation, which is enough for an event's name and three arguments.
struct ArgumentRanges: Sendable, Equatable {
    /// A range in 32 bits each, as in `ByteBuffer`, so that nothing in a buffer is out of reach.
    private struct Part: Sendable, Equatable {
        var start: UInt32 = 0
        var end: UInt32 = 0

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    /// Boxed, because an absent reference costs less to copy than an empty array.
    ///
    /// Unchecked: changes only while the text is read.
    private final class Rest: @unchecked Sendable {
        var parts: [Part] = []
    }

    /// How many elements there are.
    private(set) var count = 0
    private var first = Part()
    private var second = Part()
    private var third = Part()
    private var fourth = Part()
    private var rest: Rest?

    /// The range of the element at `index`, which must be in bounds.
    subscript(index: Int) -> Range<Int> {
        precondition(index >= 0 && index < count, "an element that there is not")
        switch index {
        case 0: return first.range
        case 1: return second.range
        case 2: return third.range
        case 3: return fourth.range
        default: return rest?.parts[index - 4].range ?? 0..<0
        }
    }

    /// Adds an element; only while nobody else has a copy.
    mutating func append(_ start: Int, _ end: Int) {
        let part = Part(start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end))
        switch count {
        case 0: first = part
        case 1: second = part
        case 2: third = part
        case 3: fourth = part
        default:
            if rest == nil { rest = Rest() }
            rest?.parts.append(part)
        }
        count += 1
    }

    static func == (one: Self, other: Self) -> Bool {
        one.count == other.count && (0..<one.count).allSatisfy { one[$0] == other[$0] }
    }
}
