import Locking
import NIOCore
import STUN

/// The connections that are open, so that they can be limited in number and closed together.
final class StreamRegistry: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: any Channel] = [:]
        var networks: [ClientNetwork: Int] = [:]
        var isOpen = true
    }

    private let limit: Int
    private let limitPerNetwork: Int
    private let state = Mutex(State())

    /// Makes a registry.
    /// - Parameters:
    ///   - limit: How many connections there may be at a time.
    ///   - limitPerNetwork: How many of them from one address, or one /64 of IPv6; loopback is exempt.
    init(limit: Int, limitPerNetwork: Int) {
        self.limit = limit
        self.limitPerNetwork = limitPerNetwork
    }

    /// What becomes of a connection; all but the first are to be closed.
    enum OnConnection {
        case admitted
        /// There are as many as there may be.
        case tooMany
        /// The network has as many as it may have.
        case tooManyOfNetwork
        /// ``closeAll()`` was called.
        case closed
    }

    /// Enters a connection until it closes.
    func admit(_ connection: any Channel, from address: IPAddress) -> OnConnection {
        let network = Self.network(of: address)
        let result = state.withLock { state -> OnConnection in
            guard state.isOpen else { return .closed }
            guard state.connections.count < limit else { return .tooMany }
            if let network {
                guard state.networks[network, default: 0] < limitPerNetwork else { return .tooManyOfNetwork }
                state.networks[network, default: 0] += 1
            }
            state.connections[ObjectIdentifier(connection)] = connection
            return .admitted
        }
        guard case .admitted = result else { return result }
        connection.closeFuture.whenComplete { _ in self.remove(connection, network) }
        return .admitted
    }

    private func remove(_ connection: any Channel, _ network: ClientNetwork?) {
        state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = nil
            guard let network, let count = state.networks[network] else { return }
            state.networks[network] = count > 1 ? count - 1 : nil
        }
    }

    /// Admits no further connection and closes those that are open.
    func closeAll() async {
        let connections = state.withLock { state in
            state.isOpen = false
            return Array(state.connections.values)
        }
        for connection in connections { connection.close(promise: nil) }
        for connection in connections { try? await connection.closeFuture.get() }
    }

    /// What an address's connections are counted under; `nil` if they are not.
    private static func network(of address: IPAddress) -> ClientNetwork? {
        address.unmapped.isLoopback ? nil : ClientNetwork(address)
    }
}
