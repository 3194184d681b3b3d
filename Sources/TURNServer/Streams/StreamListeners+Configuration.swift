import Listening
import Logging
import NIOCore

extension StreamListeners {
    /// Reads the certificate; nothing is listened on yet.
    /// - Throws: What is wrong with the files of the certificate.
    convenience init(
        configuration: TURNServer.Configuration,
        group: any EventLoopGroup,
        threads: [any RelayInbox],
        counters: CounterStore,
        logger: Logger
    ) throws {
        var limits = StreamLimits()
        limits.connections = configuration.makeMaximumConnections(reserve: .current)
        limits.connectionsPerNetwork = configuration.maximumConnectionsPerNetwork
        limits.idleTimeout = configuration.idleTimeout
        // Nobody can prove anything to a server without credentials.
        if !configuration.relays { limits.authenticationTimeout = nil }
        let tls = try configuration.tls.map { tls in
            try TLSContexts(
                certificateFile: tls.certificateFile,
                privateKeyFile: tls.privateKeyFile,
                logger: logger
            )
        }
        self.init(limits: limits, tls: tls, group: group, threads: threads, counters: counters, logger: logger)
    }
}
