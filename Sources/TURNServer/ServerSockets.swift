import NIOCore
import STUN
import TURN

/// The sockets of one server: UDP for each thread, TCP and TLS, for each address.
struct ServerSockets: Sendable {
    /// How many ports are tried when any will do: one that is free for UDP may be taken for TCP.
    private static let maximumAttempts = 32

    /// The UDP sockets of each thread.
    private(set) var datagrams: [[UDPListener]]
    /// Where clients are served on the main port; each address once.
    private(set) var addresses: [TransportAddress] = []
    /// Where the server listens besides: for TLS, and for NAT discovery.
    private(set) var otherAddresses: [TransportAddress] = []
    /// The port for TLS, if there is one.
    private(set) var tlsPort: Int?
    /// The addresses for NAT discovery, if they are bound.
    private(set) var discovery: NATDiscoveryAddresses?

    private init(threads: Int) {
        datagrams = Array(repeating: [], count: threads)
    }

    /// Closes the UDP sockets, which no thread has taken over.
    func closeDatagrams() {
        for listener in datagrams.joined() {
            listener.close()
        }
    }

    /// Binds everything or nothing.
    ///
    /// An address that the machine does not have is left out as long as there is another, so that a machine without
    /// IPv6 needs no configuration.
    /// - Parameters:
    ///   - configuration: Where to listen.
    ///   - addresses: What its hostname stands for.
    ///   - threads: How many threads there are.
    ///   - streams: Listens on TCP.
    /// - Returns: What was bound.
    /// - Throws: ``BindError``.
    static func bind(
        _ configuration: TURNServer.Configuration,
        to addresses: [SocketAddress],
        threads: Int,
        streams: StreamListeners
    ) async throws -> ServerSockets {
        for attempt in 1... {
            var sockets = ServerSockets(threads: threads)
            do {
                try await sockets.bind(configuration, to: addresses, streams: streams)
                return sockets
            } catch {
                sockets.closeDatagrams()
                await streams.closeListeners()
                guard configuration.port == 0, attempt < maximumAttempts,
                    (error as? BindError)?.reason == .addressInUse
                else { throw error }
            }
        }
        preconditionFailure("the loop above has no end")
    }

    private mutating func bind(
        _ configuration: TURNServer.Configuration,
        to hosts: [SocketAddress],
        streams: StreamListeners
    ) async throws {
        var unavailable: BindError?
        for var host in hosts {
            do {
                // When any port will do, the first socket's is the one for all.
                host.port = addresses.first.map { Int($0.port) } ?? configuration.port
                try await bindMain(host, configuration, streams: streams)
            } catch let error as BindError where error.reason == .addressUnavailable {
                unavailable = unavailable ?? error
            }
        }
        if let unavailable, addresses.isEmpty {
            throw unavailable
        }
        try await bindTLS(configuration, streams: streams)
        if let other = configuration.otherAddress {
            try bindDiscovery(other)
        }
    }

    private mutating func bindMain(
        _ host: SocketAddress,
        _ configuration: TURNServer.Configuration,
        streams: StreamListeners
    ) async throws {
        let bound = try bindDatagrams(host)
        if configuration.listensOnTCP, let address = SocketAddress(bound) {
            _ = try await streams.bind(address, tls: false)
        }
        addresses.append(bound)
    }

    private mutating func bindTLS(
        _ configuration: TURNServer.Configuration,
        streams: StreamListeners
    ) async throws {
        guard var port = configuration.tls?.port else { return }
        for address in addresses {
            // The main port speaks TLS as well when there is a certificate.
            if configuration.listensOnTCP, port == Int(address.port) {
                tlsPort = port
                continue
            }
            guard let host = SocketAddress(TransportAddress(ip: address.ip, port: UInt16(clamping: port))) else {
                continue
            }
            let bound = try await streams.bind(host, tls: true)
            port = bound.port ?? port
            tlsPort = port
            otherAddresses.append(TransportAddress(ip: address.ip, port: UInt16(clamping: port)))
        }
    }

    /// RFC 5780 §3: two addresses, each with the same two ports.
    private mutating func bindDiscovery(_ other: IPAddress) throws {
        // Without an address that clients can be told there is nothing to discover by.
        guard let main = addresses.first, !main.ip.isUnspecified, main.port < UInt16.max else { return }
        let ports = (main.port, main.port + 1)
        for address in [
            TransportAddress(ip: main.ip, port: ports.1), TransportAddress(ip: other, port: ports.0),
            TransportAddress(ip: other, port: ports.1),
        ] {
            guard let host = SocketAddress(address) else { continue }
            otherAddresses.append(try bindDatagrams(host))
        }
        discovery = NATDiscoveryAddresses(hosts: (main.ip, other), ports: ports)
    }

    private mutating func bindDatagrams(_ host: SocketAddress) throws(BindError) -> TransportAddress {
        let text = TransportAddress(host)?.description ?? "\(host)"
        let listeners: [UDPListener]
        do {
            listeners = try UDPListener.bind(host, count: datagrams.count)
        } catch {
            throw BindError(address: text, transport: "UDP", reason: BindError.Reason(errno: error.errno))
        }
        for (index, listener) in listeners.enumerated() {
            datagrams[index].append(listener)
        }
        return listeners[0].address
    }
}
