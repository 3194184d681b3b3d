import Logging
import NIOCore
import NIOPosix
import STUN

/// The sockets of one server: UDP and TCP for each address, all on one port.
struct ListenerSet: Sendable {
    /// The channels that datagrams and connections arrive at.
    private(set) var channels: [any Channel] = []
    /// Where the server listens; each address once.
    private(set) var addresses: [TransportAddress] = []

    /// How many ports are tried when any will do: one that is free for UDP may be taken for TCP.
    private static let maximumAttempts = 32

    /// Closes every socket.
    func close() async {
        for channel in channels {
            try? await channel.close()
        }
    }

    /// Binds everything or nothing.
    ///
    /// An address that the machine does not have is left out as long as there is another, so that a machine without
    /// IPv6 needs no configuration.
    static func bind(
        _ addresses: [SocketAddress],
        using factory: ListenerFactory
    ) async throws -> ListenerSet {
        for attempt in 1... {
            do {
                return try await bindOnce(addresses, using: factory)
            } catch let error as BindError {
                let anyPort = addresses.allSatisfy { $0.port == 0 }
                guard anyPort, error.reason == .addressInUse, attempt < maximumAttempts else { throw error }
            }
        }
        preconditionFailure("the loop above has no end")
    }

    private static func bindOnce(
        _ addresses: [SocketAddress],
        using factory: ListenerFactory
    ) async throws -> ListenerSet {
        var set = ListenerSet()
        var unavailable: BindError?
        do {
            for var address in addresses {
                do {
                    // When any port will do, the first socket's is the one for all.
                    address.port = set.addresses.first.map { Int($0.port) } ?? address.port
                    try await set.bind(address, using: factory)
                } catch let error as BindError where error.reason == .addressUnavailable {
                    unavailable = unavailable ?? error
                }
            }
            if let unavailable, set.channels.isEmpty {
                throw unavailable
            }
        } catch {
            await set.close()
            throw error
        }
        return set
    }

    private mutating func bind(_ address: SocketAddress, using factory: ListenerFactory) async throws {
        let datagrams = try await factory.bindUDP(address)
        channels.append(datagrams)
        let bound = datagrams.localAddress ?? address
        channels.append(try await factory.bindTCP(bound))
        if let address = TransportAddress(bound) {
            addresses.append(address)
        }
    }
}
