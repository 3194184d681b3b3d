import EngineIO
import Locking
import SocketIO

/// The servers of a check, the loops on which their clients are, and what turns these.
///
/// Unchecked: used by one task, but for the loops.
final class TestCluster: @unchecked Sendable {
    let servers: [SocketIOServer]
    private let check: AdapterConformance.Check
    private let timeout: Duration
    /// Two for each server, because a server delivers differently on the loop of the caller and on others.
    private let loops: [ManualLoop]
    private var clients: [TestClient] = []
    private var lastMarker = 0

    init(_ servers: [SocketIOServer], check: AdapterConformance.Check, timeout: Duration) {
        self.servers = servers
        self.check = check
        self.timeout = timeout
        loops = servers.flatMap { _ in [ManualLoop(), ManualLoop()] }
    }

    func failure(_ detail: String) -> AdapterConformance.Failure {
        AdapterConformance.Failure(check: check, detail: detail)
    }

    func expect<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
        guard found != expected else { return }
        throw failure("\(what): expected \(expected), found \(found)")
    }

    /// A client of each server in turn.
    func connect(_ count: Int, to namespace: String = "/", auth: JSONValue? = nil) async throws -> [TestClient] {
        var new: [TestClient] = []
        for index in 0..<count {
            let server = index % servers.count
            let loop = loops[server * 2 + index / servers.count % 2]
            new.append(TestClient(of: servers[server], over: connection(on: loop), namespace: namespace, auth: auth))
        }
        clients += new
        try await wait("clients are accepted") { new.allSatisfy { !$0.socketID.isEmpty } }
        return new
    }

    /// Lets a client come back, at another server.
    func reconnect(_ old: TestClient, to server: Int) async throws -> TestClient {
        let client = TestClient(recovering: old, of: servers[server], over: connection(on: loops[server * 2]))
        clients.append(client)
        try await wait("the client is accepted again") { !client.socketID.isEmpty }
        return client
    }

    private func connection(on loop: ManualLoop) -> TestConnection {
        TestConnection(
            on: loop,
            isSecure: true,
            query: [.init(name: "room", value: "1")],
            headers: [.init(name: "User-Agent", value: "SocketIOTestKit")]
        )
    }

    func waitUntilJoined() async throws {
        try await waitForServerCount(servers.count, at: servers)
    }

    func waitForServerCount(_ count: Int, at servers: [SocketIOServer]) async throws {
        let deadline = ContinuousClock.now + timeout
        for server in servers {
            var found = 0
            repeat {
                found = try await server.serverCount()
                if found == count { break }
                try await Task.sleep(for: .milliseconds(1))
            } while ContinuousClock.now < deadline
            try expect(found, count, "the number of servers")
        }
    }

    /// Turns the loops until `condition` holds.
    func wait(_ what: String, until condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + timeout
        while true {
            // Adapters wait by the real clock.
            for loop in loops { loop.advance(to: ContinuousClock.now) }
            if condition() { return }
            guard ContinuousClock.now < deadline else { throw failure("it takes too long until \(what)") }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Turns the loops until `operation` has ended.
    func perform<Result: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let hasEnded = Flag()
        let task = Task {
            defer { hasEnded.raise() }
            return try await operation()
        }
        do {
            try await wait("the call returns") { hasEnded.isRaised }
        } catch {
            task.cancel()
            throw error
        }
        return try await task.value
    }

    /// Waits until all that `server` has sent so far has reached the clients of `namespace`.
    ///
    /// A server's events keep their order, so the marker comes last.
    func settle(_ sender: Int = 0, _ namespace: String = "/") async throws {
        lastMarker += 1
        let marker = TestClient.Event(AdapterConformance.marker, .int(lastMarker))
        let receivers = clients.filter { $0.namespace == namespace && !$0.isDisconnected }
        servers[sender].of(namespace).emit(marker.name, lastMarker)
        try await wait("a broadcast reaches everybody") { receivers.allSatisfy { $0.events.contains(marker) } }
    }

    /// What the clients got since the last call, and a complaint unless it is what was expected.
    func expectEvents(_ clients: [TestClient], _ expected: [[TestClient.Event]], _ what: String) throws {
        try expect(clients.map { $0.takeRealEvents() }, expected, what)
    }

    func close() async {
        for client in clients { client.disconnect() }
        for server in servers {
            try? await perform { await server.close() }
        }
    }
}

/// Says across tasks that something has happened.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }

    func raise() { state.withLock { $0 = true } }
}

extension TestClient {
    /// What came since the last call, without the marks of ``TestCluster/settle(_:_:)``.
    func takeRealEvents() -> [Event] {
        takeEvents().filter { $0.name != AdapterConformance.marker }
    }
}
