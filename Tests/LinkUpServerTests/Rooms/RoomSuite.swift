import Networking
import Testing

@testable import LinkUpServer

/// What the tests of ``Room`` have in common.
protocol RoomSuite {
    /// The present of a test.
    var start: ContinuousClock.Instant { get }
}

extension RoomSuite {
    static func network(_ number: Int) -> ClientNetwork {
        ClientNetwork(IPAddress("192.0.2.\(number)"))
    }

    func arrival(
        _ id: String,
        _ connection: SocketID? = nil,
        network: Int = 1,
        stay: String? = nil
    ) throws -> Arrival {
        var call: CallEntry?
        if let stay { call = try entry(stay) }
        return Arrival(
            id: MemberID(id),
            name: try DisplayName(id.uppercased()),
            connection: connection ?? "\(id)1",
            network: Self.network(network),
            call: call
        )
    }

    func entry(_ stay: String) throws -> CallEntry {
        CallEntry(
            stay: try Stay(stay),
            status: MediaStatus(audio: true, video: false, screen: false),
            relayUser: "relay \(stay)"
        )
    }

    /// A room with members of different networks, the first of whom is host.
    ///
    /// They have been there for long enough to be waited for.
    func room(_ ids: String..., inCall: Bool = false) throws -> Room {
        var room = Room()
        for (index, id) in ids.enumerated() {
            _ = try room.join(
                arrival(id, network: index + 1, stay: inCall ? "stay-\(id)" : nil),
                at: start - .seconds(60)
            )
        }
        return room
    }

    func view(_ id: String, in room: Room) throws -> MemberView {
        try #require(room.member(MemberID(id))).view
    }

    func code(_ body: () throws -> Void) -> RequestError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? RequestError)?.code
        }
    }
}
