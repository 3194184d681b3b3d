import EngineIO
import NIOCore

extension ClientConnection {
    /// Looks for the session that a client wants to go on with, on this loop, on others and on other nodes.
    func recover(_ ticket: RecoveryTicket, in namespace: Namespace, _ recovery: Recovery, _ auth: RawArgument) {
        switch recovery.find(ticket, at: shard.loop.now) {
        case .here(let session):
            admit(namespace, auth, .init(session: session, offset: ticket.offset))
        case .live(let old):
            let resolution = machine.resolving(namespace.identity.bytes)
            old.connection.loop.run {
                old.client.connectionMoved()
                self.shard.loop.run {
                    let claim: SocketRecovery.Claim? =
                        if case .here(let session) = recovery.find(ticket, at: self.shard.loop.now) {
                            .init(session: session, offset: ticket.offset)
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
            if let claim, claim.foreignPackets == nil { namespace.recovery?.putBack(claim.session) }
            if namespace.isDynamic { server.namespaces.leave(namespace) }
        }
    }

    private func admit(_ namespace: Namespace, _ auth: RawArgument, _ claim: SocketRecovery.Claim?) {
        let socket = Socket(namespace: namespace, client: self, auth: auth, claim: claim)
        admit(socket)
    }
}
