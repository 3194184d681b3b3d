import EngineIO
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Names of a peer are the same if their bytes are; Swift's strings are the same if Unicode takes them for equivalent.
@Suite struct ExactNamesTests {
    /// Two names that Swift takes for equal.
    struct Pair: Sendable, CustomTestStringConvertible {
        let one: String
        let other: String
        let testDescription: String

        /// The name as a JSON string, with escapes for all that is not ASCII or without.
        static func literal(_ name: String, isEscaped: Bool) -> String {
            guard isEscaped else { return "\"\(name)\"" }
            let units = name.utf16.map { unit in
                unit < 0x80 ? String(UnicodeScalar(UInt8(unit))) : "\\u" + hex(unit)
            }
            return "\"\(units.joined())\""
        }

        private static func hex(_ unit: UInt16) -> String {
            let digits = String(unit, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    static let pairs = [
        Pair(one: "caf\u{E9}", other: "cafe\u{301}", testDescription: "composed and decomposed"),
        Pair(one: "cafe\u{301}", other: "caf\u{E9}", testDescription: "decomposed and composed"),
        Pair(one: "a room of 300 K", other: "a room of 300 \u{212A}", testDescription: "a letter and a sign"),
        Pair(
            one: "a name longer than keys: caf\u{E9} creme",
            other: "a name longer than keys: cafe\u{301} creme",
            testDescription: "long names"
        ),
        Pair(one: "\u{1F600}\u{E5}", other: "\u{1F600}a\u{30A}", testDescription: "with an emoji"),
        Pair(one: "a\u{323}\u{307}", other: "a\u{307}\u{323}", testDescription: "marks in another order"),
    ]

    private let fixture = Fixture()
    private let journal = Journal<String>()
    private var io: SocketIOServer { fixture.io }

    @Test(arguments: pairs)
    func exactStringsDiffer(pair: Pair) {
        #expect(pair.one == pair.other, "otherwise this tests nothing")
        #expect(ExactString(pair.one) != ExactString(pair.other))
        #expect(ExactString(pair.one) == ExactString(pair.one + ""))
        #expect(Set([pair.one, pair.other].map(ExactString.init)).count == 2)
        #expect(!pair.one.isExactly(pair.other))
    }

    @Test(arguments: pairs, [false, true])
    func rooms(pair: Pair, isEscaped: Bool) throws {
        io.onConnection { [io] socket in
            socket.on("join") { (room: String) in socket.join(room) }
            socket.on("leave") { (room: String) in socket.leave(room) }
            socket.on("say") { (room: String) in io.to(room).emit("said") }
            socket.on("say to others") { (room: String) in io.except(room).emit("said") }
            socket.on("say to both") { (room: String) in io.to(room, "x").emit("said") }
            socket.on("is in") { (room: String) -> Bool in socket.rooms.contains(room) }
        }
        let client = fixture.join()
        let (one, other) = (
            Pair.literal(pair.one, isEscaped: isEscaped), Pair.literal(pair.other, isEscaped: isEscaped)
        )
        client.receive(.text("42[\"join\",\(one)]"), .text("42[\"say\",\(other)]"))
        client.receive(.text("42[\"say to both\",\(other)]"), .text("421[\"is in\",\(other)]"))
        #expect(client.takeSent() == ["431[false]"])
        client.receive(.text("42[\"leave\",\(other)]"), .text("42[\"say\",\(one)]"), .text("421[\"is in\",\(one)]"))
        client.receive(.text("42[\"say to others\",\(other)]"), .text("42[\"say to others\",\(one)]"))
        #expect(client.takeSent() == ["42[\"said\"]", "431[true]", "42[\"said\"]"])
        // Both at once, by different spellings in JSON.
        client.receive(.text("42[\"join\",\(Pair.literal(pair.other, isEscaped: !isEscaped))]"))
        client.receive(.text("42[\"say\",\(other)]"), .text("42[\"leave\",\(one)]"), .text("42[\"say\",\(other)]"))
        #expect(client.takeSent() == ["42[\"said\"]", "42[\"said\"]"])
    }

    @Test(arguments: pairs)
    func namespaces(pair: Pair) {
        _ = io.of(pair.one)
        let client = fixture.connect()
        client.receive(.text("40/\(pair.other),"))
        #expect(client.takeSent() == [.text("44/\(pair.other),{\"message\":\"Invalid namespace\"}")])
        client.receive(.text("40/\(pair.one),"))
        #expect("\(client.takeSent())".hasPrefix("[40/\(pair.one),{\"sid\""))
        #expect(io.of(pair.one) !== io.of(pair.other))
        client.receive(.text("40/\(pair.other),"))
        let answer = client.takeSent().first?.description ?? ""
        #expect(answer.utf8.starts(with: "40/\(pair.other),".utf8))
    }

    @Test(arguments: pairs)
    func namespacesThatClientsMake(pair: Pair) {
        let parent = io.of { _, _ in true }
        let client = fixture.connect()
        client.receive(.text("40/\(pair.one),"), .text("40/\(pair.other),"))
        #expect(parent.children.count == 2)
        client.receive(.text("41/\(pair.one),"), .text("42/\(pair.other),[\"a\"]"))
        #expect(!client.isClosed)
    }

    @Test(arguments: pairs, [false, true])
    func events(pair: Pair, isEscaped: Bool) {
        io.onConnection { [journal] socket in
            socket.on(pair.one) { journal.add("one") }
            socket.off(pair.other)
            socket.on("last") { journal.add("last") }
        }
        let client = fixture.join()
        client.receive(.text("42[\(Pair.literal(pair.other, isEscaped: isEscaped))]"), "42[\"last\"]")
        #expect(journal.takeAll() == ["last"])
        client.receive(.text("42[\(Pair.literal(pair.one, isEscaped: isEscaped))]"))
        #expect(journal.entries == ["one"])
    }

    @Test(arguments: pairs, [false, true])
    func membersOfObjects(pair: Pair, isEscaped: Bool) throws {
        let (one, other) = (
            Pair.literal(pair.one, isEscaped: isEscaped), Pair.literal(pair.other, isEscaped: isEscaped)
        )
        let value: JSONValue = try RawArgument(json: "{\(one):1,\(other):2}").decode()
        guard case .object(let members) = value else { throw ManualLoop.NeverHappened() }
        #expect(members.count == 2)
        #expect(members[pair.one] == 1 && members[pair.other] == 2)
        var json = ByteBuffer()
        value.write(to: &json)
        let again: JSONValue = try RawArgument(json: json).decode()
        #expect(again == value)
        let swapped: JSONValue = try RawArgument(json: "{\(one):2,\(other):1}").decode()
        #expect(swapped != value)
        let query = QueryString.parse(ByteBuffer(string: "\(pair.one)=1&\(pair.other)=2"))
        #expect(query.count == 2 && query[pair.one] == "1" && query[pair.other] == "2")
    }

    @Test(arguments: pairs)
    func sets(pair: Pair) {
        var rooms: RoomNames = [pair.one]
        #expect(!rooms.contains(pair.other) && rooms.contains(pair.one))
        #expect(rooms != [pair.other])
        rooms.insert(pair.other)
        #expect(rooms.count == 2 && rooms.subtracting([pair.one]).sorted().count == 1)
        #expect(rooms.intersection([pair.other]) == [pair.other])
        #expect(rooms.symmetricDifference([pair.other]) == [pair.one])
        #expect(rooms.union(["x"]).count == 3)
        #expect(rooms.remove(pair.one)?.isExactly(pair.one) == true)
        #expect(Array(rooms)[0].isExactly(pair.other))
    }

    @Test(arguments: pairs)
    func logOfWhatWasMissed(pair: Pair) {
        var log = RecoveryLog<Int>(maximumCount: 10, maximumBytes: 100)
        log.append(1, offset: 1, to: .selection(.init(rooms: [pair.one])), byteCount: 1)
        log.append(2, offset: 2, to: .selection(.init(except: [pair.one])), byteCount: 1)
        #expect(log.missed(from: 0, by: "id", in: [pair.one])?.map(\.packet) == [1])
        #expect(log.missed(from: 0, by: "id", in: [pair.other])?.map(\.packet) == [2])
    }

    /// Halves of surrogate pairs can't be told apart, so they make no rooms.
    @Test(arguments: ["\\ud800", "\\ud801", "a\\udc00", "\\ufffd", "x\u{FFFD}"])
    func halvesOfSurrogatePairsAreNoRooms(literal: String) async throws {
        io.onConnection { socket in
            socket.on("join") { (room: String) -> Int in
                socket.join(room)
                return socket.rooms.count
            }
        }
        let client = fixture.join()
        client.receive(.text("421[\"join\",\"\(literal)\"]"), "422[\"join\",\"\\ud83d\\ude00\"]")
        #expect(client.takeSent() == ["431[1]", "432[2]"])
        let refused = try await fixture.wait { [io] in await io.statistics().roomsRefused }
        #expect(refused == 1)
        #expect(fixture.log.entries.contains { $0.hasPrefix("info a socket did not join a room") })
    }

    /// Halves would all be U+FFFD, and their members one; what stands for itself is a name like others.
    @Test(
        arguments: [
            (#"{"\ud800":1,"\ud801":2}"#, nil), (#"{"a\udc00":1}"#, nil), (#"[{"b":{"\ud800\ud800":1}}]"#, nil),
            (#"{"\udc00\ud800":1}"#, nil), (#"{"\ud83dx":1}"#, nil), (#"{"\\\ud800":1}"#, nil),
            (#"{"\ufffd":1}"#, ["\u{FFFD}": 1]), (#"{"\\ud800\ufffd":1}"#, ["\\ud800\u{FFFD}": 1]),
            (#"{"\ud83d\ude00\ufffd":1}"#, ["\u{1F600}\u{FFFD}": 1]), (#"{"a":"\ud800"}"#, ["a": "\u{FFFD}"]),
        ] as [(String, JSONValue?)]
    )
    func halvesOfSurrogatePairsAreNoNamesOfMembers(json: String, value: JSONValue?) throws {
        let argument = try RawArgument(json: json)
        #expect((try? argument.decode(JSONValue.self)) == value)
        // What is only passed on keeps them.
        #expect(String(buffer: try argument.decode(RawArgument.self).json) == json)
    }

    @Test(arguments: pairs)
    func nodesAndRequests(pair: Pair) {
        var requests = ClusterRequests()
        let outcomes = Journal<[String]>()
        for name in [pair.one, pair.other] { requests.begin(name) { outcomes.add($0.missingNodes) } }
        #expect(requests.count == 2)
        requests.expect([pair.one, pair.other], of: pair.one)?()
        requests.receive(ClusterResponse(.sockets([]), to: pair.one), from: pair.one)?()
        #expect(outcomes.entries.isEmpty)
        for finished in requests.nodeLeft(pair.one) { finished() }
        #expect(outcomes.entries.isEmpty)
        for finished in requests.nodeLeft(pair.other) { finished() }
        #expect(outcomes.entries.count == 1)
        #expect(outcomes.entries.first?.first?.isExactly(pair.other) == true)
        #expect(requests.count == 1)
    }
}
