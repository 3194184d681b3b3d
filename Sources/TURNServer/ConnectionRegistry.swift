import NIOCore
import Synchronization

/// The TCP connections that are open, so that they can be limited in number and closed together.
final class ConnectionRegistry: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isOpen = true
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Makes a registry for at most `limit` connections at a time.
    init(limit: Int) {
        self.limit = limit
    }

    /// Enters a connection.
    ///
    /// - Returns: `false` if there are too many, or ``closeAll()`` was called: the connection is to be closed.
    func admit(_ connection: any Channel) -> Bool {
        state.withLock { state in
            guard state.isOpen, state.connections.count < limit else { return false }
            state.connections[ObjectIdentifier(connection)] = connection
            return true
        }
    }

    /// Strikes out a connection that has ended; one that was never entered is ignored.
    func remove(_ connection: any Channel) {
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    /// Admits no further connection and closes those that are open.
    func closeAll() async {
        let connections = state.withLock { state in
            state.isOpen = false
            return Array(state.connections.values)
        }
        for connection in connections {
            try? await connection.close()
        }
    }
}
