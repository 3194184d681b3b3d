import Certificates
import EngineIO
import EngineIOTransport
import Locking
import Monitoring
import Prometheus
import ServiceLifecycle
import TURNServer

// What the server tells those who run it.
extension LinkUpServer {
    /// What does not work, a line each, asked for anew each time; the ports once a second at most.
    func problems(
        of turn: TURNServer,
        _ ports: TURNServer.Ports,
        _ renewal: CertificateRenewal?
    ) -> @Sendable () async -> [String] {
        let turn = TURNProblems(of: turn, ports)
        return { [store] in
            async let stored = store.problems()
            let certificate = (renewal?.problems() ?? []).map { "certificate: \($0)" }
            let problems = await turn.current + certificate
            return await stored.map { "database: \($0)" } + problems
        }
    }

    /// All answers about this server.
    /// - Parameters:
    ///   - turn: Its STUN and TURN server.
    ///   - engine: Its Engine.IO server.
    ///   - problems: What does not work.
    ///   - page: Where the page is, and the file of its certificate; `nil` until it is there.
    /// - Returns: The answers.
    func monitoring(
        _ turn: TURNServer,
        _ engine: EngineServer,
        _ problems: @escaping @Sendable () async -> [String],
        page: @escaping @Sendable () -> (Addresses, String?)?
    ) -> MonitoringAnswers {
        registry.collect { ProcessMetrics.samples() }
        registry.collect { turn.counters.samples }
        registry.collect { [weak self] in
            guard let self else { return [] }
            let census = census
            var samples: [MetricSample] = [
                .init("linkup_rooms", .gauge, value: census.rooms),
                .init("linkup_people", .gauge, value: census.people),
                .init("linkup_people_in_calls", .gauge, value: census.inCalls),
                .init("linkup_people_waiting", .gauge, value: census.waiting),
                .init("linkup_history_bytes", .gauge, value: DatabaseFiles.size(at: data.chatDatabase)),
            ]
            if let space = DatabaseFiles.diskSpace(at: data.path) {
                samples.append(.init("linkup_disk_free_bytes", .gauge, value: space.free))
            }
            if let certificate = page()?.1.flatMap({ ServerStatus.Certificate(file: $0) }) {
                samples.append(.init("linkup_certificate_end_seconds", .gauge, value: certificate.ends / 1000))
            }
            return samples
        }
        return MonitoringAnswers(
            metrics: { [registry] in await registry.text() },
            problems: problems,
            status: { [self] in
                await status(turn.counters, connections: engine.counters().connections, problems(), page: page())
            }
        )
    }

    /// The socket for people at this machine, and the port for metrics if that is wanted.
    func monitoringServices(_ answers: MonitoringAnswers) -> [any Service] {
        var onPort = answers
        // What rooms there are is nobody's matter but that of who may read the data directory.
        onPort.status = nil
        return [MonitoringServer(on: .socket(data.controlSocket), answers, logger: logger)]
            + (configuration.metrics.map { [MonitoringServer(on: .port($0), onPort, logger: logger)] } ?? [])
    }

    private var census: RoomDirectory.Census { rooms.withLock { $0 }?.census ?? .init() }

    private func status(
        _ turn: Counters,
        connections: Int,
        _ problems: [String],
        page: (addresses: Addresses, certificate: String?)?
    ) -> ServerStatus {
        let census = census
        return ServerStatus(
            version: configuration.version,
            started: started,
            page: page?.addresses.url ?? "",
            turnPort: page?.addresses.turnPort ?? 0,
            turnTLSPort: page.flatMap { $0.addresses.isSecure ? $0.addresses.port : $0.addresses.tlsPort },
            certificate: page?.certificate.flatMap { ServerStatus.Certificate(file: $0) },
            rooms: census.rooms,
            people: census.people,
            inCalls: census.inCalls,
            waiting: census.waiting,
            connections: connections,
            allocations: turn.allocations,
            relays: turn.relays,
            refusals: refusals.current.map {
                .init(limit: $0.cause.name, code: $0.cause.code.rawValue, count: $0.count)
            },
            historyBytes: DatabaseFiles.size(at: data.chatDatabase),
            diskFree: DatabaseFiles.diskSpace(at: data.path)?.free,
            problems: problems
        )
    }
}

extension LinkUpServer.Addresses {
    /// The address of the page, as somebody at this machine opens it.
    public var url: String {
        let host = hostname.map { $0.contains(":") ? "[\($0)]" : $0 } ?? "localhost"
        return "\(isSecure ? "https" : "http")://\(host):\(port)\(basePath == .root ? "" : "\(basePath)")"
    }
}

extension ServerStatus.Certificate {
    /// Reads the first certificate of a file; `nil` where there is none.
    init?(file: String) {
        guard let summary = CertificateSummary(file: file) else { return nil }
        self.init(file: file, sha256: summary.fingerprint, ends: TimeOfDay.milliseconds(summary.end))
    }
}
