import Certificates
import EngineIO
import EngineIOTransport
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Listening
import Locking
public import Logging
public import Metrics
import NIOCore
import Prometheus
import ServiceLifecycle
import SocketIO
import TURN
public import TURNServer
import UnixSignals

/// The application: chat and call signalling over Socket.IO, the page, and a STUN and TURN server for the calls.
public final class LinkUpServer: Sendable {
    /// Where the application can be reached.
    public struct Addresses: Sendable, Equatable {
        /// The address that is listened on; `nil` for every address.
        public var hostname: String?
        /// The port of the page.
        public var port: Int
        /// Whether the page is served over TLS.
        public var isSecure: Bool
        /// The certificate, where LinkUp has made it itself.
        public var ownCertificate: OwnCertificateAddress?
        /// The path below which the page lies.
        public var basePath: BasePath
        /// The UDP and TCP port of STUN and TURN.
        public var turnPort: Int
        /// The port of plain HTTP that leads to the page; `nil` where there is none.
        public var httpPort: Int?
        /// Whether the certificate is one to begin with, until an authority has given one.
        public var isTemporary = false
        /// The port of STUN and TURN over TLS; `nil` where TLS has no port of its own.
        public var tlsPort: Int?
    }

    /// How long open connections may take to close when the application stops, before they are cut.
    ///
    /// Leaves time for the rest of a stop in 5 seconds, half of what service managers and containers grant.
    private static let closingTime = Duration.seconds(3)

    /// Over how much of ``closingTime`` the clients are disconnected, so that they don't all come back at once.
    private static let goodbyeTime = Duration.seconds(2)

    /// What the STUN and TURN server is made of: what was asked for, with a secret if there was none.
    public let turnConfiguration: TURNServer.Configuration

    let configuration: LinkUpConfiguration
    let logger: Logger
    private let site: WebSite
    private let secret: [UInt8]
    private let lock: FolderLock
    let hosts: HostPolicy
    let data: DataDirectory
    let store: any MessageStore
    /// What is counted, for whoever asks over HTTP.
    let registry = MetricRegistry()
    let refusals: RefusalCounters
    private let io: SocketIOServer
    let rooms = Mutex<RoomService?>(nil)
    private let metrics: any MetricsFactory
    private let ownCertificate: OwnCertificate?
    let started = TimeOfDay.milliseconds
    let acmeFiles: ACMEFiles
    let challenges = ChallengePages()

    /// Opens the data directory and the page; nothing is listened on yet.
    /// - Parameters:
    ///   - configuration: What the application needs to know.
    ///   - logger: Where it logs.
    ///   - metrics: Where it reports what it counts; the factory that the process was bootstrapped with unless given.
    /// - Throws: ``StartupError`` when a folder or file can't be used.
    public init(
        configuration: LinkUpConfiguration,
        logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws(StartupError) {
        self.configuration = configuration
        self.logger = logger
        self.metrics = MultiplexMetricsHandler(factories: [metrics, registry])
        refusals = RefusalCounters(self.metrics)
        let files: WebFiles =
            if let folder = configuration.webDirectory { try .directory(at: folder) } else { .embedded() }
        site = WebSite(files: files, base: configuration.basePath)
        data = try DataDirectory(path: configuration.dataDirectory)
        lock = try data.lock()
        secret = try data.loadSecret()
        if data.isOpenToOthers {
            logger.warning(
                "Other users may look into the data directory: chmod 700",
                metadata: ["path": "\(data.path)"]
            )
        }
        var turn = configuration.turn
        // Whoever can open the page has a credential; the two sides of a call both have a relay here.
        if turn.relayPeers == nil { turn.relayPeers = .ownRelays }
        if turn.secrets.isEmpty { turn.secrets = [TURNSecret.derive(from: secret)] }
        if let port = UInt16(exactly: configuration.port), port > 0 { turn.otherPorts.insert(port) }
        if case .acme(let acme) = configuration.pageTLS, let port = UInt16(exactly: acme.httpPort), port > 0 {
            turn.otherPorts.insert(port)
        }
        turnConfiguration = turn
        ownCertificate =
            configuration.pageTLS == .selfSigned ? OwnCertificate(folder: data.certificateFolder) : nil
        acmeFiles = ACMEFiles(folder: data.certificateFolder)
        hosts = configuration.protections.hosts(
            turnHost: configuration.turnHost,
            machine: NetworkInterfaces.hostNames
        )
        let io = SocketIOServer(
            configuration: SocketIOServer.Configuration(
                eventRateLimit: configuration.protections.eventRateLimit,
                metrics: SocketIOServer.MetricsOptions(factory: self.metrics)
            ),
            logger: logger
        )
        self.io = io
        let namespace = io.of("/room")
        store = try data.openHistory(configuration.history, logger: logger) {
            RoomService.announce($0, in: $1, of: namespace)
        }
    }

    /// Listens and serves until the process is told to stop by SIGINT or SIGTERM, or the task is cancelled.
    /// - Parameter onReady: Called once all ports are open.
    /// - Throws: ``StartupError`` when a port can't be opened, or the certificate can't be used.
    public func run(onReady: @escaping @Sendable (Addresses) -> Void) async throws {
        defer { closeStore() }
        let own = try keepCertificate()
        let found = try keepACMECertificate()
        let (turn, ports, shared) = try await startTURN()
        let http = try await openHTTP()
        let renewal = shared.flatMap { makeRenewal(found, shown: $0) }
        // The port of the page is told to nobody before it is known.
        let isPortKnown = configuration.port != 0
        if isPortKnown { serveRooms(turn, ports, pagePort: configuration.port) }
        let engine = EngineServer(io, configuration: engineConfiguration, metrics: metrics, logger: logger)
        let problems = problems(of: turn, ports, renewal)
        let certificate = try pageCertificate()
        let addresses = Mutex<Addresses?>(nil)
        let answers = monitoring(turn, engine, problems) {
            addresses.withLock { $0 }.map { ($0, certificate?.certificateFile) }
        }
        let application = makeApplication(engine, front: shared?.front, problems: problems) { [self] port in
            if !isPortKnown { serveRooms(turn, ports, pagePort: port) }
            http?.listener.lead(to: port)
            let here = Addresses(
                hostname: acme?.names.first.map { "\($0)" } ?? configuration.hostname,
                port: port,
                isSecure: shared != nil,
                ownCertificate: own,
                basePath: configuration.basePath,
                turnPort: ports.port,
                httpPort: http?.port,
                isTemporary: acme != nil && found == nil,
                tlsPort: ports.tlsPort
            )
            addresses.withLock { $0 = here }
            onReady(here)
        }
        let hangup = HangupService { [logger, turnConfiguration] in
            logger.notice(
                "SIGHUP: \(turnConfiguration.tls == nil && shared == nil ? "there is no certificate to read again" : "reading the certificate again")"
            )
            turn.reloadCertificate()
            shared?.reloadCertificate()
            renewal?.hurry()
        }
        let sweep = HistorySweep(store, limits: configuration.history, logger: logger)
        var group = ServiceGroupConfiguration(
            services: [turn, application, engine, sweep, hangup] + certificateServices(http?.listener, renewal)
                + monitoringServices(answers),
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = Self.closingTime
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError {
            throw StartupError("cannot listen on port \(configuration.port): \(SystemError.text(error.errnoCode))")
        }
    }

    /// All that was acknowledged is on disk by now; this only tidies up.
    private func closeStore() {
        do {
            try store.close()
        } catch {
            logger.warning("The chat history could not be closed", metadata: ["error": "\(error)"])
        }
    }

    /// Opens the ports of STUN and TURN, and makes what serves TURN on the page's port if that is wanted.
    private func startTURN() async throws(StartupError) -> (TURNServer, TURNServer.Ports, SharedPort?) {
        do {
            let turn = try TURNServer(configuration: turnConfiguration, logger: logger)
            var shared: SharedPort?
            if let certificate = try pageCertificate() {
                shared = try SharedPort(
                    certificate,
                    turn: turn,
                    hosts: hosts,
                    pages: acme == nil ? nil : challenges,
                    logger: logger
                )
            }
            return (turn, try await turn.bind(), shared)
        } catch {
            throw error as? StartupError ?? StartupError("\(error)")
        }
    }

    /// The files of the certificate with which the page's port speaks TLS; `nil` where it speaks none.
    private func pageCertificate() throws(StartupError) -> TURNServer.Configuration.TLS? {
        switch configuration.pageTLS {
        case .off: return nil
        case .certificate:
            guard let tls = turnConfiguration.tls else {
                throw StartupError("TLS on the port of the page needs a certificate and its key")
            }
            return tls
        case .acme:
            let file = acmeFiles.certificateFile
            return TURNServer.Configuration.TLS(certificateFile: file, privateKeyFile: file)
        case .selfSigned:
            return ownCertificate.map {
                TURNServer.Configuration.TLS(certificateFile: $0.serverFile, privateKeyFile: $0.serverFile)
            }
        }
    }

    /// Makes the certificate of this machine, if that is wanted and there is none.
    private func keepCertificate() throws(StartupError) -> OwnCertificateAddress? {
        guard let ownCertificate else { return nil }
        do {
            let kept = try ownCertificate.keep(for: machineNames, at: Date())
            return OwnCertificateAddress(fingerprint: kept.fingerprint, rootFile: ownCertificate.rootFile)
        } catch {
            throw StartupError(error.description)
        }
    }

    private func certificateServices(_ http: HTTPPort?, _ renewal: CertificateRenewal?) -> [any Service] {
        var services: [any Service] = []
        if let http { services.append(http) }
        if let renewal { services.append(renewal) }
        if let ownCertificate {
            let names: @Sendable () -> MachineNames = { [self] in machineNames }
            services.append(OwnCertificateService(certificate: ownCertificate, names: names, logger: logger))
        }
        return services
    }

    /// All that this machine is called by those who open the page, or reach STUN and TURN.
    private var machineNames: MachineNames {
        let given = [configuration.hostname, configuration.turnHost].compactMap(\.self)
        return MachineNames(
            hosts: configuration.protections.publicHosts + given + NetworkInterfaces.hostNames,
            addresses: NetworkInterfaces.addresses
        )
    }

    /// The address for `bind`: one socket on `::` serves IPv4 too, where the system has IPv6.
    var hostname: String {
        configuration.hostname ?? (NetworkInterfaces.hasIPv6 ? "::" : "0.0.0.0")
    }

    /// Whether browsers are to come over TLS only: with a certificate that they warn of they would not come at all.
    private var isStrict: Bool { configuration.pageTLS == .certificate || acme != nil }

    private var engineConfiguration: EngineConfiguration {
        let protections = configuration.protections
        let fields = SecurityHeaders.engine(isStrict: isStrict)
        let proxies = protections.trustedProxies
        return EngineConfiguration(
            path: "\(configuration.basePath)socket.io",
            shutdownGracePeriod: Self.goodbyeTime,
            httpTimeouts: protections.httpTimeouts,
            maxBufferedBytes: protections.waitingBytes,
            limits: protections.connectionLimits,
            trustedProxies: proxies.isEmpty ? nil : TrustedProxies(proxies),
            cors: protections.origins,
            checkOrigin: true,
            hosts: hosts,
            headers: { _ in fields }
        )
    }

    private func makeApplication(
        _ engine: EngineServer,
        front: ConnectionFront?,
        problems: @escaping @Sendable () async -> [String],
        onRunning: @escaping @Sendable (Int) -> Void
    ) -> some ApplicationProtocol {
        let router = Router()
        let responses = ResponseCounters(metrics)
        router.add(middleware: WebMiddleware(site: site, hosts: hosts, responses: responses, isStrict: isStrict))
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/healthz", method: method) { _, _ in "ok\n" }
            router.on("/readyz", method: method) { _, _ in Readiness(await problems()).response }
        }
        let codes = InviteCodes(publicHosts: configuration.protections.publicHosts, base: configuration.basePath)
        for method in [HTTPRequest.Method.get, .head] {
            router.on(RouterPath("\(configuration.basePath)api/qr.svg"), method: method) { request, _ in
                codes.answer(request)
            }
        }
        if let ownCertificate {
            router.get(RouterPath("\(configuration.basePath)api/root.crt")) { _, _ in try ownCertificate.rootResponse()
            }
        }
        router.post(RouterPath("\(configuration.basePath)api/leave")) { [self] request, _ in
            await Goodbye.receive(request.body, rooms.withLock { $0 })
        }
        return Application(
            router: router,
            server: .engineIO(engine, proxyProtocol: configuration.protections.proxyProtocol, front: front),
            configuration: ApplicationConfiguration(address: .hostname(hostname, port: configuration.port)),
            onServerRunning: { [configuration] channel in
                onRunning(channel.localAddress?.port ?? configuration.port)
            },
            logger: logger
        )
    }

    private func serveRooms(_ turn: TURNServer, _ ports: TURNServer.Ports, pagePort: Int) {
        let iceServers = ICEServers(
            turnPort: ports.port,
            turnHost: configuration.turnHost,
            // The port of the page gets through wherever the page itself did.
            tlsPort: configuration.pageTLS == .off ? ports.tlsPort : configuration.publicPort ?? pagePort,
            hasTCP: turnConfiguration.listensOnTCP,
            credentials: TimeLimitedCredentials(secrets: turnConfiguration.secrets)
        )
        let service = RoomService(
            namespace: io.of("/room"),
            store: store,
            keys: RoomKeys(secret: secret),
            iceServers: iceServers,
            limits: ClientLimits(configuration.protections.rates, refusals: refusals, timers: RequestTimers(metrics)),
            size: configuration.protections.roomSize,
            onDeparture: { turn.revoke(userID: $0, for: iceServers.lifetime) },
            time: { TimeOfDay.milliseconds }
        )
        service.serve()
        rooms.withLock { $0 = service }
    }
}
