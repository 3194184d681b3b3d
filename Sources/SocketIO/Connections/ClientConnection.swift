import EngineIO
import Logging
import NIOCore

/// Socket.IO on one Engine.IO connection: drives the ``ConnectionMachine``.
///
/// Unchecked: touched only on the connection's loop, but for what is immutable.
final class ClientConnection: EngineConnectionHandler, @unchecked Sendable {
    let connection: any EngineConnection
    let server: SocketIOServer
    let shard: LoopShard
    /// The place in the shard's list.
    var index = 0

    // Its methods call nothing outside, so accesses can't overlap; checking that costs as much as reading a packet.
    @exclusivity(unchecked) var machine: ConnectionMachine<Socket>
    private var connectTimer: EngineTimer?
    /// Set once the sockets were told why, so that the end of the transport does not tell them again.
    private(set) var isClosed = false
    /// Absent when clients may send as often as they like.
    private let gate: EventGate?
    /// Asynchronous handlers; absent until there is one.
    @exclusivity(unchecked) var work: ConnectionWork?
    /// Whether what waited for handlers is being gone on with.
    var isResuming = false
    /// Sockets whose clients have not got all that they missed.
    var waitingForRepetition: [Socket] = []
    /// Events that wait until the client keeps up.
    var waiting: ArraySlice<WaitingEmit> = []
    /// What the application keeps with the connection; see ``Socket/connectionData``.
    var storedData = SocketData()

    var isProtocol3: Bool { connection.protocolVersion == .v3 }

    init(_ connection: any EngineConnection, server: SocketIOServer, shard: LoopShard) {
        self.connection = connection
        self.server = server
        self.shard = shard
        gate = server.configuration.eventRateLimit.map { EventGate($0) }
        machine = ConnectionMachine(
            format: server.configuration.parser,
            limits: ParserLimits(
                maxAttachments: server.configuration.maxAttachments,
                maxArguments: server.configuration.maxArguments,
                maxDepth: server.configuration.maxNestingDepth
            ),
            maximumNamespaces: server.configuration.maxNamespacesPerClient,
            isProtocol3: connection.protocolVersion == .v3
        )
    }

    /// Begins: the client now has a limited time to join a namespace; protocol 3 clients join the main one by
    /// themselves.
    func start() {
        let deadline = shard.loop.now + server.configuration.connectTimeout
        connectTimer = shard.loop.schedule(at: deadline) { self.connectTimedOut() }
        guard isProtocol3 else { return }
        // In the next turn, when the transport has this object to report to.
        shard.loop.execute { [weak self] in
            guard let self, !isClosed else { return }
            connect(to: server.main, auth: .emptyObject)
        }
    }

    func receive(_ message: EngineMessage) {
        switch message {
        case .text(let text):
            shard.counters.statistics.bytesReceived += text.readableBytes
            if let gate, !admit(text.readableBytes, by: gate) { return }
            perform(machine.receiveText(text))
        case .binary(let bytes):
            shard.counters.statistics.bytesReceived += bytes.readableBytes
            if let gate, !admit(bytes.readableBytes, by: gate) { return }
            perform(machine.receiveBinary(bytes))
        }
    }

    func connectionClosed(_ reason: EngineCloseReason) {
        close(DisconnectReason(reason))
        shard.remove(self)
    }

    func transportChanged(to transport: EngineTransport) {
        for socket in machine.members { socket.transportChanged(to: transport) }
    }

    private func perform(_ action: consuming ConnectionMachine<Socket>.OnMessage) {
        switch consume action {
        case .ignore:
            break
        case .event(let socket, let arguments, let id):
            if let gate, !admit(by: gate) { break }
            deliver(arguments, id: id, to: socket)
        case .acknowledgement(let socket, let id, let arguments):
            socket.receiveAcknowledgement(id, arguments)
        case .connect(let name, let auth, let query):
            if let gate, !admit(by: gate) { break }
            connect(toNamespaceNamed: name, auth: auth, query: query)
        case .refuse(let name):
            if let gate, !admit(by: gate) { break }
            refuse(namespaceNamed: String(buffer: name), .tooManyNamespaces)
        case .leave(let socket):
            // It counts, so that joining and leaving in turn is bounded; but the client has left, whatever the policy.
            if let gate, !admit(by: gate), isClosed { break }
            machine.leave(socket.namespace.identity.bytes)
            socket.disconnected(.clientNamespaceDisconnect)
        case .close(let violation):
            // A limit may be too low for what the application's own clients send.
            server.logger?.log(
                level: violation.isOfLimit ? .info : .debug,
                "closing a connection that broke the protocol",
                metadata: ["connection": "\(connection.id)", "violation": "\(violation)"]
            )
            close(violation.reason, description: "\(violation)")
            connection.close()
        }
    }

    /// Whether an event or a request may pass; otherwise the policy has been applied.
    private func admit(by gate: EventGate) -> Bool {
        if gate.admit(at: shard.loop.now) { return true }
        shard.counters.statistics.eventsRateLimited += 1
        refuse(past: gate.limit.rate, of: "events", gate.limit.policy)
        return false
    }

    /// Whether a message may be looked at; otherwise the connection is closed.
    private func admit(_ byteCount: Int, by gate: EventGate) -> Bool {
        if gate.admit(byteCount, at: shard.loop.now) { return true }
        guard gate.limit.policy == .disconnect else { return true }
        shard.counters.statistics.eventsRateLimited += 1
        refuse(past: gate.limit.bytes, of: "bytes", .disconnect)
        return false
    }

    private func refuse(past rate: Rate?, of things: String, _ policy: EventRateLimit.Policy) {
        guard policy == .disconnect, let rate else { return }
        server.logger?.info(
            "closing a connection that sends events too often",
            metadata: [
                "connection": "\(connection.id)", "limit": "\(rate.perSecond)", "burst": "\(rate.burst)",
                "of": "\(things)",
            ]
        )
        close(.rateLimited, description: "more than \(rate.perSecond) \(things) a second, or \(rate.burst) at once")
        connection.close(.rateLimited)
    }

    /// Ends the sockets without a packet, and whatever else the client sends is ignored.
    func close(_ reason: DisconnectReason, description: String? = nil) {
        guard !isClosed else { return }
        isClosed = true
        connectTimer?.cancel()
        connectTimer = nil
        for socket in machine.close() {
            socket.disconnected(reason, description: description)
        }
        // A server that ends waits for handlers as long as it was told to.
        endWork(cancelsHandlers: reason != .serverShuttingDown)
    }

    /// Ends the connection because the server ends.
    func shutDown() {
        close(.serverShuttingDown)
        connection.close(.serverShuttingDown)
    }

    /// Ends the connection because its client has another one.
    func connectionMoved() {
        close(.transportClose, description: "the client connected anew")
        connection.close(.transportClose)
    }

    /// Tells the client that it is disconnected from all its namespaces, and closes the connection.
    func disconnectAll() {
        for socket in machine.members {
            socket.disconnect()
        }
        close(.serverNamespaceDisconnect)
        connection.close()
    }

    /// The server disconnects one socket; the client is told.
    func leave(_ socket: Socket) {
        machine.leave(socket.namespace.identity.bytes)
        send(OutgoingPacket.disconnect(prefix: socket.namespace.identity.wirePrefix))
    }

    private func send(_ packet: OutgoingPacket) {
        do {
            try server.configuration.parser.convert(packet).send(on: connection)
        } catch {
            let metadata: Logger.Metadata = ["connection": "\(connection.id)", "error": "\(error)"]
            server.logger?.error("a packet that can't be encoded was not sent", metadata: metadata)
        }
    }

    private func connectTimedOut() {
        guard machine.connectTimeout() else { return }
        server.logger?.debug("client joined no namespace in time", metadata: ["connection": "\(connection.id)"])
        close(.forcedServerClose)
        connection.close()
    }
}

// MARK: - Joining a namespace

extension ClientConnection {
    private func connect(toNamespaceNamed name: ByteBuffer?, auth: ByteBuffer, query: ByteBuffer?) {
        let authBytes = query?.readableBytes ?? auth.readableBytes
        guard authBytes <= server.configuration.maxAuthBytes else {
            server.logger?.debug(
                "refusing a client that sent too large a payload to join a namespace",
                metadata: [
                    "connection": "\(connection.id)", "size": "\(authBytes)",
                    "limit": "\(server.configuration.maxAuthBytes)",
                ]
            )
            return refuse(namespaceNamed: name.map { String(buffer: $0) }, .authTooLarge)
        }
        if isHolding {
            wait(.connect(name, resolution: machine.resolving(name), auth: auth, query: query))
        } else {
            join(name, auth: auth, query: query)
        }
    }

    /// Joins a namespace.
    func join(_ name: ByteBuffer?, auth: ByteBuffer, query: ByteBuffer?) {
        let auth = isProtocol3 ? Self.auth(fromQuery: query) : Self.auth(fromPayload: auth)
        guard let name = name?.kept else {
            connect(to: server.main, auth: auth)
            return
        }
        enter(name, String(buffer: name), auth)
    }

    private func enter(_ name: ByteBuffer, _ text: String, _ auth: RawArgument) {
        switch server.namespaces.enter(text) {
        case .namespace(let namespace): connect(to: namespace, auth: auth)
        case .beingMade: enterWhenMade(name, text, auth)
        case .nothing: resolve(name, text, auth, server.namespaces.parents(for: text)[...])
        }
    }

    /// Asks one parent after the other whether it wants a child of this name.
    ///
    /// Those that answer synchronously are asked without leaving the loop. `resolution` is what the machine calls the attempt once one has taken time.
    private func resolve(
        _ name: ByteBuffer,
        _ text: String,
        _ auth: RawArgument,
        _ parents: ArraySlice<ParentNamespace>,
        resolution: UInt64? = nil
    ) {
        var rest = parents
        while let parent = rest.popFirst() {
            let isMatch: Bool
            switch parent.predicate {
            case .name(let matches): isMatch = matches(text)
            case .synchronous(let matches): isMatch = matches(text, auth)
            case .asynchronous(let matches):
                let resolution = resolution ?? machine.resolving(name)
                let remaining = rest
                run {
                    let parent = await matches(text, auth) ? parent : nil
                    self.shard.loop.run {
                        if let parent {
                            self.resolved(name, text, auth, parent, resolution)
                        } else {
                            self.resolve(name, text, auth, remaining, resolution: resolution)
                        }
                    }
                }
                return
            }
            if isMatch { return resolved(name, text, auth, parent, resolution) }
        }
        resolved(name, text, auth, nil, resolution)
    }

    private func resolved(
        _ name: ByteBuffer,
        _ text: String,
        _ auth: RawArgument,
        _ parent: ParentNamespace?,
        _ resolution: UInt64?
    ) {
        if let resolution, !machine.resolved(name, resolution) { return }
        // Somebody may have created it in the meantime.
        switch parent.map({ server.namespaces.enterChild(text, of: $0) }) ?? server.namespaces.enter(text) {
        case .namespace(let namespace): connect(to: namespace, auth: auth)
        case .beingMade: enterWhenMade(name, text, auth)
        case .nothing: refuse(namespaceNamed: text, parent == nil ? .invalidNamespace : .tooManyNamespaces)
        }
    }

    /// Joins a namespace once the hooks that make it ready have run on another loop.
    private func enterWhenMade(_ name: ByteBuffer, _ text: String, _ auth: RawArgument) {
        let resolution = machine.resolving(name)
        server.namespaces.whenMade(text) {
            self.shard.loop.execute {
                if self.machine.resolved(name, resolution) { self.enter(name, text, auth) }
            }
        }
    }

    private func refuse(namespaceNamed name: String?, _ refusal: ConnectionRefused) {
        send(OutgoingPacket.connectError(prefix: name.map { $0 + "," } ?? "", refusal, isProtocol3: isProtocol3))
    }

    private static func auth(fromPayload payload: ByteBuffer) -> RawArgument {
        payload.readableBytes == 0 ? .emptyObject : RawArgument(json: payload.kept, offset: 0, attachments: nil)
    }

    private static func auth(fromQuery query: ByteBuffer?) -> RawArgument {
        guard let query else { return .emptyObject }
        var json = ByteBuffer()
        JSONValue.object(QueryString.parse(query)).write(to: &json)
        return RawArgument(json: json, offset: 0, attachments: nil)
    }

    private func connect(to namespace: Namespace, auth: RawArgument) {
        if let recovery = namespace.recovery, !isProtocol3, let ticket = RecoveryTicket(auth: auth) {
            recover(ticket, in: namespace, recovery, auth)
        } else {
            admit(Socket(namespace: namespace, client: self, auth: auth))
        }
    }

    /// Lets the middlewares decide, unless the client was let in before and goes on where it was.
    func admit(_ socket: Socket) {
        let namespace = socket.namespace
        machine.connecting(namespace.identity.bytes, socket)
        if socket.isRecovered, namespace.recovery?.options.skipMiddlewares == true { return accept(socket) }
        let middlewares = namespace.connectionHandlers.middlewares
        runMiddlewares(middlewares[...], socket)
    }

    /// Runs the middlewares one after the other; synchronous ones without leaving the loop.
    private func runMiddlewares(_ middlewares: ArraySlice<Middleware>, _ socket: Socket) {
        var rest = middlewares
        while let middleware = rest.popFirst() {
            switch middleware {
            case .synchronous(let body):
                do { try body(socket) } catch { return refuse(socket, error) }
            case .asynchronous(let body):
                let remaining = rest
                run {
                    do {
                        try await body(socket)
                        self.shard.loop.run { self.runMiddlewares(remaining, socket) }
                    } catch {
                        self.shard.loop.run { self.refuse(socket, error) }
                    }
                }
                return
            }
        }
        accept(socket)
    }

    private func refuse(_ socket: Socket, _ error: any Error) {
        guard machine.refuse(socket.namespace.identity.bytes, socket) else { return }
        let refusal: ConnectionRefused
        if let error = error as? ConnectionRefused {
            refusal = error
        } else {
            refusal = .unexplained
            server.logger?.error("a middleware failed", metadata: socket.logMetadata(error: error))
        }
        socket.refused()
        let prefix = socket.namespace.identity.wirePrefix
        send(OutgoingPacket.connectError(prefix: prefix, refusal, isProtocol3: isProtocol3))
    }

    private func accept(_ socket: Socket) {
        if let recovery = socket.recovery { repeatMissed(to: socket, recovery) } else { accepted(socket) }
    }

    /// The client may join, and has got what it missed.
    func accepted(_ socket: Socket) {
        guard machine.accept(socket.namespace.identity.bytes, socket) else { return }
        endConnectTimeout()
        let prefix = socket.namespace.identity.wirePrefix
        let sid = isProtocol3 ? nil : socket.id
        send(OutgoingPacket.connect(prefix: prefix, socketID: sid, recoveryID: socket.recovery?.pid))
        socket.connected()
    }

    func endConnectTimeout() {
        connectTimer?.cancel()
        connectTimer = nil
    }
}
