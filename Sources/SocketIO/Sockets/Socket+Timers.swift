import EngineIO
import Logging

/// Something that a socket is to do later; made by `after` of ``Socket``.
public struct SocketTimer: Sendable {
    /// Not strong, because whoever keeps this may live longer.
    private weak var socket: Socket?
    private let number: SocketListener

    init(_ socket: Socket, _ number: SocketListener) {
        self.socket = socket
        self.number = number
    }

    /// Prevents the call if it has not begun; otherwise does nothing.
    ///
    /// From anywhere; on the socket's loop it is certain that the call does not begin after this.
    public func cancel() {
        guard let socket else { return }
        socket.connection.loop.run { [number] in socket.listeners.hooks?.timers.removeValue(forKey: number)?.cancel() }
    }
}

extension Socket {
    /// Runs `work` on the socket's loop once `delay` is over, unless the socket is disconnected before that.
    ///
    /// It belongs to the socket: the end of the socket cancels it before those are told who listen for that. A client
    /// that comes back with its session has another socket, without timers. A socket may have
    /// ``SocketIOServer/Configuration/maxTimersPerSocket`` of them; one more is logged and never runs.
    /// - Parameters:
    ///   - delay: How long from this call on; without delay it runs in a later turn of the loop.
    ///   - work: What to do; it must not block.
    /// - Returns: What cancels it.
    @discardableResult
    public func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) -> SocketTimer {
        let number = makeListener()
        let deadline = connection.loop.now + delay
        connection.loop.run { [self] in
            switch phase {
            case .disconnecting, .disconnected: return
            case .connecting, .starting, .connected: break
            }
            let hooks = listeners.makeHooks()
            guard mayHaveAnotherTimer(hooks) else { return }
            hooks.timers[number] = connection.loop.schedule(at: deadline) { [weak self] in
                // It may have been cancelled when it was due already.
                guard self?.listeners.hooks?.timers.removeValue(forKey: number) != nil else { return }
                work()
            }
        }
        return SocketTimer(self, number)
    }

    /// Begins asynchronous `work` once `delay` is over, unless the socket is disconnected before that.
    ///
    /// Once it has begun it is one of the client's handlers in flight, as an asynchronous handler of an event is.
    @discardableResult
    public func after(_ delay: Duration, _ work: @escaping @Sendable () async -> Void) -> SocketTimer {
        after(delay) { [client] in client.run { await work() } }
    }

    private func mayHaveAnotherTimer(_ hooks: SocketHooks) -> Bool {
        let limit = client.server.configuration.maxTimersPerSocket
        guard hooks.timers.count >= limit else { return true }
        namespace.logger?.error(
            "a socket's timer was not set: it has as many as it may have",
            metadata: ["socket": "\(id)", "namespace": "\(namespace.name)", "limit": "\(limit)"]
        )
        return false
    }
}
