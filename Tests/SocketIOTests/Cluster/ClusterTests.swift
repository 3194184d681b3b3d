import EngineIO
import FoundationEssentials
import NIOCore
import SocketIOTestKit
import Testing

@testable import SocketIO

@Suite struct ClusterRequestsTests {
    /// Holds the table, and what requests ended with.
    private final class Driver {
        private var requests = ClusterRequests()
        private let outcomes = Journal<ClusterRequests.Outcome>()

        var outcomeOfRequest: ClusterRequests.Outcome? { outcomes.entries.last }
        var count: Int { requests.count }

        func begin() {
            requests.begin("r") { [outcomes] outcome in outcomes.add(outcome) }
        }

        func expect(_ nodes: [String]?) { requests.expect(nodes, of: "r")?() }
        func receive(_ content: ClusterResponse.Content, from node: String, to request: String = "r") {
            requests.receive(ClusterResponse(content, to: request), from: node)?()
        }
        func leave(_ node: String) { for finished in requests.nodeLeft(node) { finished() } }
        func expire(keepingNodesThatCounted: Bool = false) {
            requests.expire("r", keepingNodesThatCounted: keepingNodesThatCounted)?()
        }
    }

    private let driver = Driver()

    init() { driver.begin() }

    @Test func nobodyToAskIsAnAnswer() {
        driver.expect([])
        #expect(driver.outcomeOfRequest?.isIncomplete == false)
        #expect(driver.count == 0)
    }

    @Test(arguments: [true, false])
    func eachNodeAnswersOnce(nodesAreKnownFirst: Bool) {
        if nodesAreKnownFirst { driver.expect(["a", "b"]) }
        driver.receive(.sockets([]), from: "a")
        driver.receive(.sockets([]), from: "a")
        driver.receive(.sockets([]), from: "b", to: "another")
        if nodesAreKnownFirst { driver.receive(.sockets([]), from: "stranger") } else { driver.expect(["a", "b"]) }
        #expect(driver.outcomeOfRequest == nil)
        driver.receive(.sockets([]), from: "b")
        #expect(driver.outcomeOfRequest?.answers.count == 2)
        #expect(driver.outcomeOfRequest?.isIncomplete == false)
    }

    @Test func broadcastsEndWithTheLastAcknowledgement() {
        driver.expect(["a", "b", "c", "d"])
        driver.receive(.clientCount(2), from: "a")
        driver.receive(.acknowledgement(SocketArguments()), from: "a")
        driver.receive(.clientCount(0), from: "b")
        driver.receive(.acknowledgement(SocketArguments()), from: "c")
        driver.receive(.clientCount(1), from: "c")
        driver.receive(.clientCount(3), from: "d")
        driver.receive(.broadcastEnded, from: "d")
        #expect(driver.outcomeOfRequest == nil)
        driver.receive(.acknowledgement(SocketArguments()), from: "a")
        #expect(driver.outcomeOfRequest?.answers.count == 3)
        #expect(driver.outcomeOfRequest?.isIncomplete == false)
    }

    @Test func missingNodesAreNamed() {
        driver.expect(["a", "b", "c"])
        driver.receive(.sockets([]), from: "b")
        driver.leave("c")
        driver.leave("c")
        #expect(driver.outcomeOfRequest == nil)
        driver.expire()
        #expect(driver.outcomeOfRequest?.missingNodes == ["c", "a"])
        #expect(driver.outcomeOfRequest?.isIncomplete == true)
    }

    @Test func nodesThatCountedAreWaitedFor() {
        driver.expect(["a", "b"])
        driver.receive(.clientCount(1), from: "a")
        driver.expire(keepingNodesThatCounted: true)
        #expect(driver.outcomeOfRequest == nil)
        driver.receive(.acknowledgement(SocketArguments()), from: "a")
        #expect(driver.outcomeOfRequest?.missingNodes == ["b"])
        #expect(driver.outcomeOfRequest?.answers.count == 1)
    }

    @Test func nodesMayStayUnknown() {
        driver.receive(.sockets([]), from: "a")
        driver.expect(nil)
        #expect(driver.outcomeOfRequest?.isIncomplete == true)
        #expect(driver.outcomeOfRequest?.answers.count == 1)
        let silent = Driver()
        silent.begin()
        silent.expire()
        #expect(silent.outcomeOfRequest?.isIncomplete == true)
    }

    @Test func whoHasTheSessionEndsTheSearch() {
        driver.expect(["a", "b", "c"])
        driver.receive(.session(nil), from: "a")
        #expect(driver.outcomeOfRequest == nil)
        driver.receive(.session(RecoveredSession(id: "i", pid: "p", rooms: [])), from: "b")
        #expect(driver.outcomeOfRequest?.answers.count == 1)
        #expect(driver.outcomeOfRequest?.isIncomplete == false)
    }
}

/// What a namespace tells its adapter about rooms.
@Suite struct RoomEventTests {
    /// Keeps what it is told, and knows no other node.
    private struct Recorder: Adapter {
        let journal: Journal<String>

        func otherNodes() -> [String] { [] }
        func publish(_ message: ClusterMessage) {}
        func respond(_ response: ClusterResponse, to node: String) {}
        func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> EngineTimer { EngineTimer {} }
        func close() { journal.add("closed") }
        func roomCreated(_ room: String) { journal.add("+ \(room)") }
        func roomDeleted(_ room: String) { journal.add("- \(room)") }
        func socketJoined(_ socket: String, _ room: String) { journal.add(socket == room ? "own" : "joined \(room)") }
        func socketLeft(_ socket: String, _ room: String) { journal.add(socket == room ? "own" : "left \(room)") }
    }

    @Test func roomsOfAllLoopsCount() async {
        let journal = Journal<String>()
        let io = SocketIOServer(adapter: { _ in Recorder(journal: journal) })
        io.onConnection { socket in
            socket.on("join") { socket.join("r") }
            socket.on("leave") { socket.leave("r") }
        }
        let clients = (0..<2).map { _ in
            let client = TestConnection(on: ManualLoop())
            client.open(on: io)
            client.receive("40")
            return client
        }
        #expect(journal.takeAll().filter { $0 == "own" }.count == 2)
        for client in clients { client.receive("42[\"join\"]", "42[\"join\"]") }
        #expect(journal.takeAll() == ["+ r", "joined r", "joined r"])
        clients[0].receive("42[\"leave\"]", "42[\"leave\"]")
        #expect(journal.takeAll() == ["left r"])
        clients[1].receive(.closed)
        let last = journal.takeAll()
        #expect(last.prefix(3) == ["left r", "- r", "own"] && last.count == 4)
    }

    @Test func adaptersEndWithTheirNamespace() async {
        let journal = Journal<String>()
        let io = SocketIOServer(
            configuration: .init(cleanupEmptyChildNamespaces: true),
            adapter: { inbox in Recorder(journal: inbox.namespace == "/child" ? journal : Journal()) }
        )
        io.of(matching: /\/child/)
        let client = TestConnection(on: ManualLoop())
        client.open(on: io)
        client.receive("40/child,", "41/child,")
        #expect(journal.entries.last == "closed")
    }
}

@Suite struct SerializedArgumentsTests {
    @Test(arguments: [0, 1])
    func keepWhatTheyAre(skippedArguments: Int) throws {
        let bytes = [ByteBuffer(bytes: [1, 2]), ByteBuffer(), ByteBuffer(bytes: [3])]
        let values: [JSONValue] = ["ü", 1.5, .binary(bytes[0]), ["a": [.binary(bytes[1]), nil]], .binary(bytes[2])]
        let arguments = try SocketArguments(encoding: values[0], values[1], values[2], values[3], values[4])
        let data = try JSONEncoder().encode(arguments)
        let copy = try JSONDecoder().decode(SocketArguments.self, from: data)
        #expect(copy.count == values.count)
        for (index, value) in values.enumerated() { #expect(try copy.decode(JSONValue.self, at: index) == value) }
    }

    @Test func mayBeNone() throws {
        for arguments in [SocketArguments(), try SocketArguments(json: ByteBuffer(string: " [ ] "))] {
            #expect(String(buffer: arguments.serialized.json) == "[]")
            #expect(try JSONDecoder().decode(SocketArguments.self, from: JSONEncoder().encode(arguments)).isEmpty)
        }
    }

    @Test(arguments: [
        ("", 0), ("{}", 0), ("[", 0), ("[1]x", 0), ("[{\"_placeholder\":true,\"num\":1}]", 1),
    ])
    func nonsenseIsRefused(json: String, attachments: Int) {
        #expect(throws: (any Error).self) {
            try SocketArguments(
                json: ByteBuffer(string: json),
                binaryValues: .init(repeating: ByteBuffer(), count: attachments)
            )
        }
    }

    @Test func dataOfSocketsKeepsWhatIsCodable() throws {
        struct Plain: Sendable {}
        var data = SocketData()
        data[String.self] = "a"
        data[[Int].self] = [1, 2]
        data[Plain.self] = Plain()
        var copy = SocketData(serialized: data.serialized)
        #expect(copy[String.self] == "a" && copy[[Int].self] == [1, 2] && copy[Plain.self] == nil)
        #expect(copy[Double.self] == nil && !copy.isEmpty)
        copy[String.self] = nil
        let again = SocketData(serialized: copy.serialized)
        #expect(again[String.self] == nil && again[[Int].self] == [1, 2])
        #expect(SocketData().serialized == nil && SocketData(serialized: nil).isEmpty)
    }
}
