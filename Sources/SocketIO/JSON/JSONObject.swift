/// The members of a JSON object, by name.
///
/// Names are equal if their bytes are, as in JavaScript: a letter with an accent and the letter followed by the accent
/// are two names. The order of the members is not kept.
public struct JSONObject: Sendable, Equatable {
    private var members: [ExactString: JSONValue]

    /// An object without members.
    public init() {
        members = [:]
    }

    /// Takes the members of a dictionary.
    public init(_ members: [String: JSONValue]) {
        self.members = .init(minimumCapacity: members.count)
        for (name, value) in members { self.members[ExactString(name)] = value }
    }

    /// The value of a member; `nil` when there is none.
    public subscript(_ name: String) -> JSONValue? {
        get { members[ExactString(name)] }
        set { members[ExactString(name)] = newValue }
    }

    /// The names of the members.
    public var keys: [String] { members.keys.map(\.string) }

    /// The values of the members.
    public var values: some Collection<JSONValue> & Sendable { members.values }

    /// The members as a dictionary; of names that Swift takes for equal one stays.
    public var dictionary: [String: JSONValue] {
        Dictionary(members.map { ($0.key.string, $0.value) }) { first, _ in first }
    }

    /// An object whose values are made of those of this one.
    public func mapValues(_ transform: (JSONValue) throws -> JSONValue) rethrows -> Self {
        var object = Self()
        object.members = try members.mapValues(transform)
        return object
    }
}

extension JSONObject: Collection {
    /// A place among the members.
    public struct Index: Comparable, Sendable {
        fileprivate let index: Dictionary<ExactString, JSONValue>.Index

        /// Whether one place is before another.
        public static func < (one: Self, other: Self) -> Bool { one.index < other.index }
    }

    /// The place of the first member.
    public var startIndex: Index { Index(index: members.startIndex) }

    /// The place behind the last member.
    public var endIndex: Index { Index(index: members.endIndex) }

    /// The place behind another.
    public func index(after index: Index) -> Index { Index(index: members.index(after: index.index)) }

    /// How many members there are.
    public var count: Int { members.count }

    /// The member at a place.
    public subscript(position: Index) -> (key: String, value: JSONValue) {
        let (name, value) = members[position.index]
        return (name.string, value)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object; of several members with one name the last counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }
}
