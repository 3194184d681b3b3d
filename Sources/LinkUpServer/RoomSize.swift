/// How many people a room takes.
public struct RoomSize: Sendable, Equatable {
    /// The most people in a room; 5,000: a hall, or the viewers of a lecture.
    public var people: Int
    /// The most people of one network in it; 100: a class of 40 with two pages each fits in.
    public var peopleOfNetwork: Int

    /// Makes sizes.
    public init(people: Int = 5000, peopleOfNetwork: Int = 100) {
        self.people = people
        self.peopleOfNetwork = peopleOfNetwork
    }
}
