/// How many people a room takes.
public struct RoomSize: Sendable, Equatable {
    /// The most people in a room's chat; 500: what one says is sent to all.
    public var people: Int
    /// The most people of one network in it; 100: a class of 40 with two pages each fits in, and it takes five networks
    /// to fill a room.
    public var peopleOfNetwork: Int

    /// Makes sizes.
    public init(people: Int = 500, peopleOfNetwork: Int = 100) {
        self.people = people
        self.peopleOfNetwork = peopleOfNetwork
    }
}
