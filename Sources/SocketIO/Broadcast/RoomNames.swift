/// A set of names of rooms.
///
/// Names are equal if their bytes are, as in JavaScript: a letter with an accent and the letter followed by the accent
/// are two rooms, which a `Set<String>` would take for one.
public struct RoomNames: Sendable, Hashable {
    private var names: Set<ExactString>

    /// No names.
    public init() {
        names = []
    }

    /// Takes names; those that come twice count once.
    public init(_ names: some Sequence<String>) {
        self.names = Set(names.map(ExactString.init))
    }

    fileprivate init(names: Set<ExactString>) {
        self.names = names
    }

    /// Whether a name is among them.
    public func contains(_ name: String) -> Bool { names.contains(ExactString(name)) }
}

extension RoomNames: Collection {
    /// A place among the names.
    public struct Index: Comparable, Sendable {
        fileprivate let index: Set<ExactString>.Index

        /// Whether one place is before another.
        public static func < (one: Self, other: Self) -> Bool { one.index < other.index }
    }

    /// The place of the first name.
    public var startIndex: Index { Index(index: names.startIndex) }

    /// The place behind the last name.
    public var endIndex: Index { Index(index: names.endIndex) }

    /// The place behind another.
    public func index(after index: Index) -> Index { Index(index: names.index(after: index.index)) }

    /// How many names there are.
    public var count: Int { names.count }

    /// Whether there are none.
    public var isEmpty: Bool { names.isEmpty }

    /// The name at a place.
    public subscript(position: Index) -> String { names[position.index].string }
}

extension RoomNames: SetAlgebra {
    /// Makes a set of names.
    public init(arrayLiteral elements: String...) { self.init(elements) }

    /// The names of both sets.
    public func union(_ other: Self) -> Self { Self(names: names.union(other.names)) }

    /// The names that are in both sets.
    public func intersection(_ other: Self) -> Self { Self(names: names.intersection(other.names)) }

    /// The names that are in one of the sets.
    public func symmetricDifference(_ other: Self) -> Self { Self(names: names.symmetricDifference(other.names)) }

    /// Adds the names of another set.
    public mutating func formUnion(_ other: Self) { names.formUnion(other.names) }

    /// Keeps the names that are in another set too.
    public mutating func formIntersection(_ other: Self) { names.formIntersection(other.names) }

    /// Keeps the names that are in one of the sets.
    public mutating func formSymmetricDifference(_ other: Self) { names.formSymmetricDifference(other.names) }

    /// Adds a name, unless it is there.
    @discardableResult
    public mutating func insert(_ name: String) -> (inserted: Bool, memberAfterInsert: String) {
        let (isInserted, member) = names.insert(ExactString(name))
        return (isInserted, member.string)
    }

    /// Takes a name out.
    @discardableResult
    public mutating func remove(_ name: String) -> String? { names.remove(ExactString(name))?.string }

    /// Adds a name, or puts it in the place of the equal one.
    @discardableResult
    public mutating func update(with name: String) -> String? { names.update(with: ExactString(name))?.string }
}

extension RoomNames: Codable {
    /// Takes an array of names.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([String].self))
    }

    /// Writes an array of names.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Array(self))
    }
}

extension RoomNames: CustomStringConvertible {
    /// The names as a list.
    public var description: String { Array(self).description }
}
