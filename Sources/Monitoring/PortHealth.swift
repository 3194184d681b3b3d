/// Whether the ports of STUN and TURN answer; asked no more than once a second, however many want to know.
actor PortHealth {
    /// How long an answer is good.
    static let lifetime = Duration.seconds(1)

    private let clock: @Sendable () -> ContinuousClock.Instant
    private let ask: @Sendable () async -> [String]
    private var last: (problems: [String], time: ContinuousClock.Instant)?
    private var asking: Task<[String], Never>?

    /// Begins with knowing nothing.
    /// - Parameters:
    ///   - clock: The time.
    ///   - ask: Finds out what is wrong.
    init(
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        ask: @escaping @Sendable () async -> [String]
    ) {
        self.clock = clock
        self.ask = ask
    }

    /// What is wrong, a part of a sentence each; empty when all is well.
    var problems: [String] {
        get async {
            if let last, last.time.duration(to: clock()) < Self.lifetime { return last.problems }
            if let asking { return await asking.value }
            let task = Task { [ask] in await ask() }
            asking = task
            let problems = await task.value
            last = (problems, clock())
            asking = nil
            return problems
        }
    }

    /// Asks ports, all at once.
    /// - Parameters:
    ///   - probes: The ports; none means that the server does not listen.
    ///   - timeout: How long each may take.
    /// - Returns: What does not answer, in the order of the ports.
    static func problems(of probes: [PortProbe], within timeout: Duration = .seconds(1)) async -> [String] {
        guard !probes.isEmpty else { return ["the ports are closed"] }
        return await withTaskGroup(of: (Int, Bool).self) { group in
            for (index, probe) in probes.enumerated() {
                group.addTask { (index, await probe.isAnswered(within: timeout)) }
            }
            var silent: [Int] = []
            for await (index, isAnswered) in group where !isAnswered { silent.append(index) }
            return silent.sorted().map { "\(probes[$0]) does not answer" }
        }
    }
}
