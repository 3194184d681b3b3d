import EngineIO
import Locking
import NIOCore

/// How many sockets there may be, whatever comes over them.
extension EngineServer {
    /// Whether sockets are counted at all.
    var limitsSockets: Bool {
        configuration.limits.maxSockets != nil || configuration.limits.maxSocketsPerAddress != nil
    }

    /// Counts a connection until it is closed; called on its loop.
    /// - Returns: Whether it may stay.
    func enter(_ channel: any Channel, from address: IPAddress?) -> Bool {
        let isProxy = isProxy(address)
        guard sockets.withLock({ $0.enter(from: address, isProxy: isProxy) }) else {
            loop(for: channel.eventLoop).counters.refusedSockets += 1
            return false
        }
        leave(channel, from: address, isProxy: isProxy)
        return true
    }

    /// Counts the socket that a connection has moved to, as the old one is closed.
    func enterMoved(_ channel: any Channel, from address: IPAddress?) {
        let isProxy = isProxy(address)
        sockets.withLock { $0.enterMoved(from: address, isProxy: isProxy) }
        leave(channel, from: address, isProxy: isProxy)
    }

    private func leave(_ channel: any Channel, from address: IPAddress?, isProxy: Bool) {
        channel.closeFuture.whenComplete { _ in
            self.sockets.withLock { $0.leave(from: address, isProxy: isProxy) }
        }
    }

    /// A proxy's connections are many clients', and so are those of a local socket.
    private func isProxy(_ address: IPAddress?) -> Bool {
        guard let address else { return true }
        return configuration.trustedProxies?.isTrusted(address) ?? false
    }
}
