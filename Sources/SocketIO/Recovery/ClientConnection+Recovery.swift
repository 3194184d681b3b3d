import EngineIO
import Logging
import NIOCore

extension ClientConnection {
    /// Looks for the session that a client wants to go on with, on this loop, on others and on other nodes.
    func recover(_ ticket: RecoveryTicket, in namespace: Namespace, _ recovery: Recovery, _ auth: RawArgument) {
        switch recovery.find(ticket, at: shard.loop.now) {
        case .here(let session):
            admit(namespace, auth, recovery.claim(session, offset: ticket.offset))
        case .live(let old):
            let resolution = machine.resolving(namespace.identity.bytes)
            old.connection.loop.run {
                old.client.connectionMoved()
                self.shard.loop.run {
                    let claim: SocketRecovery.Claim? =
                        if case .here(let session) = recovery.find(ticket, at: self.shard.loop.now) {
                            recovery.claim(session, offset: ticket.offset)
                        } else {
                            nil
                        }
                    self.recovered(resolution, namespace, auth, claim)
                }
            }
        case .nowhere:
            guard let cluster = namespace.cluster else { return admit(namespace, auth, nil) }
            let resolution = machine.resolving(namespace.identity.bytes)
            let id = cluster.makeRequestID()
            cluster.request(.restoreSession(ticket), id: id, timeout: cluster.adapter.requestTimeout) { outcome in
                self.shard.loop.run {
                    var claim: SocketRecovery.Claim?
                    for case .session(let session?) in outcome.answers {
                        claim = recovery.claim(session, at: self.shard.loop.now)
                    }
                    self.recovered(resolution, namespace, auth, claim)
                }
            }
        }
    }

    private func recovered(
        _ resolution: UInt64,
        _ namespace: Namespace,
        _ auth: RawArgument,
        _ claim: SocketRecovery.Claim?
    ) {
        if machine.resolved(namespace.identity.bytes, resolution) {
            admit(namespace, auth, claim)
        } else {
            if let claim, claim.foreignStart == nil { namespace.recovery?.putBack(claim.session) }
            if namespace.isDynamic { server.namespaces.leave(namespace) }
        }
    }

    private func admit(_ namespace: Namespace, _ auth: RawArgument, _ claim: SocketRecovery.Claim?) {
        let socket = Socket(namespace: namespace, client: self, auth: auth, claim: claim)
        admit(socket)
    }

    /// Sends a client what it missed as far as it keeps up, and when it has everything, goes on with accepting it.
    ///
    /// All at once could be more than may wait for a client, which would then lose its connection, come back and miss as
    /// much again.
    func repeatMissed(to socket: Socket, _ recovery: SocketRecovery) {
        guard case .connecting = socket.phase, let log = socket.namespace.recovery else { return }
        endConnectTimeout()
        while hasRoom {
            switch log.advance(socket, recovery) {
            case .missed(let packets):
                for packet in packets { packet.send(on: connection) }
            case .accepted:
                return accepted(socket)
            case .lost:
                server.logger?.debug(
                    "closing a connection: its client takes what it missed more slowly than more is sent",
                    metadata: ["connection": "\(connection.id)", "namespace": "\(socket.namespace.name)"]
                )
                close(.forcedServerClose, description: "what the client missed can't be repeated any more")
                return connection.close()
            }
        }
        waitingForRepetition.append(socket)
    }

    /// The client keeps up again.
    func repeatMissed() {
        let sockets = waitingForRepetition
        waitingForRepetition = []
        for socket in sockets { if let recovery = socket.recovery { repeatMissed(to: socket, recovery) } }
    }
}
