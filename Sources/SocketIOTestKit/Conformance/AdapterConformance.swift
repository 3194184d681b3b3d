public import SocketIO

/// Holds an adapter to its contract: servers that it joins must behave towards their clients like one.
///
/// It needs no test framework and no network. The clients are made of memory, the adapter is the real one:
///
///     @Test(arguments: AdapterConformance.Check.allCases)
///     func conforms(check: AdapterConformance.Check) async throws {
///         try await AdapterConformance { count in … }.run(check)
///     }
public struct AdapterConformance: Sendable {
    /// What is checked.
    public enum Check: String, CaseIterable, Sendable {
        /// Every server knows how many there are.
        case serversAreCounted
        /// An event reaches every client of every server once, with all kinds of arguments.
        case broadcastReachesEverybody
        /// Events of one server reach every client in the order in which they were sent.
        case orderIsKept
        /// Rooms, exceptions and the sender are told apart on all servers.
        case roomsSelect
        /// Namespaces do not mix.
        case namespacesAreSeparate
        /// `local` stays on one server.
        case localStaysLocal
        /// Acknowledgements of all clients are gathered.
        case acknowledgementsAreGathered
        /// When clients are too slow, what came is returned.
        case slowAcknowledgementsAreReported
        /// A client that leaves is no longer waited for.
        case leavingEndsTheWait
        /// `fetchSockets` finds the sockets of all servers with what belongs to them.
        case socketsAreFetched
        /// A socket that was fetched can be used, wherever it is.
        case fetchedSocketsCanBeUsed
        /// Sockets are put into rooms, taken out and disconnected on all servers.
        case socketsAreMovedAndDisconnected
        /// Events between servers reach all others, and not the sender.
        case serversTalk
        /// Answers to events between servers are gathered.
        case serversAnswer
        /// A server that does not answer is named.
        case silentServersAreReported
        /// A server that closed is no longer counted.
        case closedServersAreForgotten
        /// A client that lost its connection goes on at another server; only where the servers' configuration has
        /// `connectionStateRecovery`.
        case sessionsMove
    }

    /// Why an adapter fails.
    public struct Failure: Error, CustomStringConvertible {
        /// The check that failed.
        public var check: Check
        /// What was expected and what was found.
        public var detail: String

        /// A sentence for a log.
        public var description: String { "\(check.rawValue): \(detail)" }
    }

    /// The event that says that all before it have come.
    static let marker = "socketio-test-kit-marker"

    let makeServers: @Sendable (Int) async throws -> [SocketIOServer]
    let serverCount: Int
    let timeout: Duration

    /// Makes a test.
    /// - Parameters:
    ///   - serverCount: How many servers are joined; 1 for an adapter that joins none.
    ///   - timeout: How long anything may take; also ``Adapter/requestTimeout`` should be shorter, because silence
    ///     is tested too.
    ///   - makeServers: Makes that many servers, each with an adapter of its own, joined with each other and with
    ///     nobody else. They are closed after the check.
    public init(
        serverCount: Int = 3,
        timeout: Duration = .seconds(20),
        makeServers: @escaping @Sendable (Int) async throws -> [SocketIOServer]
    ) {
        precondition(serverCount > 0, "serverCount must be positive")
        self.serverCount = serverCount
        self.timeout = timeout
        self.makeServers = makeServers
    }

    /// Runs all checks.
    /// - Throws: ``Failure`` of the first that fails, or what `makeServers` throws.
    public func run() async throws {
        for check in Check.allCases { try await run(check) }
    }

    /// Runs a check.
    /// - Throws: ``Failure``, or what `makeServers` throws.
    public func run(_ check: Check) async throws {
        let servers = try await makeServers(serverCount)
        let cluster = TestCluster(servers, check: check, timeout: timeout)
        do {
            try await cluster.waitUntilJoined()
            try await body(of: check)(cluster)
        } catch {
            await cluster.close()
            throw error
        }
        await cluster.close()
    }

    private func body(of check: Check) -> (TestCluster) async throws -> Void {
        switch check {
        case .serversAreCounted: { _ in }
        case .broadcastReachesEverybody: Self.broadcastReachesEverybody
        case .orderIsKept: Self.orderIsKept
        case .roomsSelect: Self.roomsSelect
        case .namespacesAreSeparate: Self.namespacesAreSeparate
        case .localStaysLocal: Self.localStaysLocal
        case .acknowledgementsAreGathered: Self.acknowledgementsAreGathered
        case .slowAcknowledgementsAreReported: Self.slowAcknowledgementsAreReported
        case .leavingEndsTheWait: Self.leavingEndsTheWait
        case .socketsAreFetched: Self.socketsAreFetched
        case .fetchedSocketsCanBeUsed: Self.fetchedSocketsCanBeUsed
        case .socketsAreMovedAndDisconnected: Self.socketsAreMovedAndDisconnected
        case .serversTalk: Self.serversTalk
        case .serversAnswer: Self.serversAnswer
        case .silentServersAreReported: Self.silentServersAreReported
        case .closedServersAreForgotten: Self.closedServersAreForgotten
        case .sessionsMove: Self.sessionsMove
        }
    }
}
