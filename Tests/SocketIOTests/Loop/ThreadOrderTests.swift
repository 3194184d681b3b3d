import EngineIO
import SocketIOTestKit
import Testing

@testable import SocketIO

/// Thread × order: whoever calls, and whoever else does meanwhile, a caller's work arrives in the order of its calls.
@Suite struct ThreadOrderTests {
    enum Caller: String, CaseIterable, Sendable {
        /// The loop of the client.
        case loop
        /// The loop of another client.
        case otherLoop
        /// A thread that is no loop.
        case thread
    }

    /// Keeps what it is told to pass on, and knows one other node, which is silent.
    private struct Recorder: Adapter {
        let journal: Journal<String>
        let clock: ManualLoop

        func otherNodes() -> [String] { ["other"] }
        func respond(_ response: ClusterResponse, to node: String) { journal.add("answer") }
        func close() {}
        func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> EngineTimer {
            clock.schedule(at: clock.now + delay, work)
        }
        func publish(_ message: ClusterMessage) {
            switch message.content {
            case .broadcast(let event, _, _): journal.add(event.name)
            case .socketsJoin: journal.add("join")
            case .socketsLeave: journal.add("leave")
            case .serverSideEmit(let event): journal.add("server \(event.name)")
            default: journal.add("?")
            }
        }
    }

    private let loop = ManualLoop()
    private let otherLoop = ManualLoop()
    private let published = Journal<String>()
    private let inboxes = Journal<ClusterInbox>()
    private let sockets = Journal<Socket>()

    private func makeServer(isRecoverable: Bool, isCluster: Bool = true) -> SocketIOServer {
        let (loop, published, inboxes, sockets) = (loop, published, inboxes, sockets)
        let make: @Sendable (ClusterInbox) -> any Adapter = { inbox in
            inboxes.add(inbox)
            return Recorder(journal: published, clock: loop)
        }
        var configuration = SocketIOServer.Configuration()
        if isRecoverable { configuration.connectionStateRecovery = .init() }
        let io = SocketIOServer(configuration: configuration, adapter: isCluster ? make : nil)
        io.onConnection { sockets.add($0) }
        return io
    }

    private func join(_ io: SocketIOServer, on loop: ManualLoop) -> TestConnection {
        let client = TestConnection(on: loop)
        client.open(on: io)
        client.receive("40")
        _ = client.takeSent()
        return client
    }

    private func call(as caller: Caller, _ body: () -> Void) {
        switch caller {
        case .loop: loop.onLoop(body)
        case .otherLoop: otherLoop.onLoop(body)
        case .thread: body()
        }
    }

    /// The names of the events that a client was sent.
    private func events(_ client: TestConnection) -> [String] {
        client.takeSent().compactMap { sent in
            let parts = sent.description.split(separator: "\"")
            return parts.count > 1 ? String(parts[1]) : nil
        }
    }

    @Test(arguments: Caller.allCases, [false, true])
    func emitsInACluster(caller: Caller, isRecoverable: Bool) {
        let io = makeServer(isRecoverable: isRecoverable)
        let clients = [join(io, on: loop), join(io, on: otherLoop)]
        call(as: caller) {
            io.emit("1")
            io.timeout(.seconds(1)).emit("2") { (_: Result<[SocketArguments], BroadcastTimeout>) in }
            io.socketsJoin("r")
            io.to("r").emit("3")
            io.socketsLeave("r")
            io.to("r").emit("4")
            io.serverSideEmit("5")
            io.emit("6")
        }
        // What a loop does itself meanwhile does not push some of it forward.
        for loop in [loop, otherLoop] { loop.onLoop { io.local.emit("x") } }
        for loop in [loop, otherLoop] { loop.turn() }
        #expect(published.entries == ["1", "2", "join", "3", "leave", "4", "server 5", "6"])
        for client in clients { #expect(events(client).filter { $0 != "x" } == ["1", "2", "3", "6"]) }
    }

    @Test(arguments: Caller.allCases, [false, true])
    func messagesOfOtherNodes(caller: Caller, isRecoverable: Bool) {
        let io = makeServer(isRecoverable: isRecoverable)
        let clients = [join(io, on: loop), join(io, on: otherLoop)]
        let inbox = inboxes.entries[0]
        func broadcast(_ name: String, rooms: [String] = [], request: String? = nil) {
            let content = ClusterMessage.Content.broadcast(
                ClusterEvent(name, SocketArguments()),
                .init(rooms: rooms),
                EmitOptions()
            )
            inbox.receive(ClusterMessage(content, request: request), from: "other")
        }
        call(as: caller) {
            broadcast("1")
            broadcast("2", request: "q")
            inbox.receive(ClusterMessage(.socketsJoin(.init(), rooms: ["r"])), from: "other")
            broadcast("3", rooms: ["r"])
            inbox.receive(ClusterMessage(.socketsLeave(.init(), rooms: ["r"])), from: "other")
            broadcast("4", rooms: ["r"])
            io.emit("5")
        }
        for loop in [loop, otherLoop] { loop.onLoop { io.local.emit("x") } }
        for loop in [loop, otherLoop] { loop.turn() }
        for client in clients { #expect(events(client).filter { $0 != "x" } == ["1", "2", "3", "5"]) }
    }

    /// Questions keep their place among events, and their time-outs come in the order of the questions.
    @Test(arguments: Caller.allCases, [false, true])
    func timeoutsOfAcknowledgements(caller: Caller, isRecoverable: Bool) throws {
        let io = makeServer(isRecoverable: isRecoverable, isCluster: false)
        let client = join(io, on: loop)
        let socket = try #require(sockets.entries.first)
        let ends = Journal<String>()
        call(as: caller) {
            socket.emit("1")
            socket.timeout(.seconds(1)).emit("2") { (result: Result<SocketArguments, AcknowledgementError>) in
                ends.add(String(describing: result).contains("timedOut") ? "2 late" : "2")
            }
            io.timeout(.seconds(1)).emit("3") { (result: Result<[SocketArguments], BroadcastTimeout>) in
                if case .failure = result { ends.add("3 late") } else { ends.add("3") }
            }
            socket.timeout(.seconds(1)).emit("4") { (result: Result<SocketArguments, AcknowledgementError>) in
                ends.add(String(describing: result).contains("timedOut") ? "4 late" : "4")
            }
            io.emit("5")
        }
        loop.onLoop { socket.emit("x") }
        loop.turn()
        #expect(events(client).filter { $0 != "x" } == ["1", "2", "3", "4", "5"])
        loop.advance(by: .seconds(1) - .nanoseconds(1))
        #expect(ends.entries == [])
        loop.advance(by: .nanoseconds(1))
        #expect(ends.entries == ["2 late", "3 late", "4 late"])
        #expect(loop.timerCount == 0)
    }

    /// An answer and its time-out: the first to come counts, and only it.
    @Test(arguments: Caller.allCases, [false, true])
    func answersAndTimeouts(caller: Caller, isAnswerFirst: Bool) throws {
        let io = makeServer(isRecoverable: false, isCluster: false)
        let client = join(io, on: loop)
        let socket = try #require(sockets.entries.first)
        let ends = Journal<String>()
        call(as: caller) {
            socket.timeout(.seconds(1)).emit("q") { (result: Result<SocketArguments, AcknowledgementError>) in
                if case .success = result { ends.add("answer") } else { ends.add("late") }
            }
        }
        loop.turn()
        let id = try #require(client.takeSent().first?.description.dropFirst(2).prefix { $0.isNumber })
        if isAnswerFirst { client.receive(.text("43\(id)[]")) }
        loop.advance(by: .seconds(1))
        client.receive(.text("43\(id)[]"))
        #expect(ends.entries == [isAnswerFirst ? "answer" : "late"])
    }
}
