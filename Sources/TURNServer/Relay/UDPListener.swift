import CLinuxUDP
import NIOCore
import STUN

/// A UDP socket that clients send to.
struct UDPListener: Sendable {
    /// The descriptor; whoever holds the listener last closes it.
    let descriptor: CInt
    /// Where it is bound.
    let address: TransportAddress
    /// The interface, if that is a link-local address.
    let scope: UInt32

    func close() {
        udp_close(descriptor)
    }

    /// Binds one socket for each of `count` threads to the same address; the system keeps each flow with one of them.
    ///
    /// Linux hands a port that is shared to any program of the same user that asks for it. So the first socket is bound
    /// to have the port for itself, which fails if anybody has it, and shares it only from then on: a second server on
    /// the same port is refused as ever, and other users always are.
    static func bind(_ address: SocketAddress, count: Int) throws(SystemFailure) -> [UDPListener] {
        guard var wanted = udp_address(address) else { throw SystemFailure.badAddress }
        var options = UDP_LARGE_BUFFERS.rawValue | UDP_JOIN.rawValue
        if IPAddress(wanted)?.isUnspecified == true {
            options |= UDP_DESTINATION.rawValue
        }
        var listeners = [try open(wanted, options)]
        do {
            if count > 1 {
                try SystemFailure.check(udp_share_port(listeners[0].descriptor))
                wanted.port = listeners[0].address.port
                while listeners.count < count {
                    listeners.append(try open(wanted, options | UDP_REUSE_PORT.rawValue))
                }
            }
            return listeners
        } catch {
            for listener in listeners {
                listener.close()
            }
            throw error
        }
    }

    /// Why no socket can be bound to `address`, as an error number; `nil` if one can.
    static func obstacle(to address: IPAddress) -> CInt? {
        var wanted = udp_address(TransportAddress(ip: address, port: 0))
        let descriptor = udp_open(&wanted, 0, nil)
        guard descriptor >= 0 else { return -descriptor }
        udp_close(descriptor)
        return nil
    }

    private static func open(_ address: udp_address, _ options: UInt32) throws(SystemFailure) -> UDPListener {
        var address = address
        var bound = udp_address()
        let descriptor = try SystemFailure.check(udp_open(&address, options, &bound))
        guard let transportAddress = TransportAddress(bound) else {
            udp_close(descriptor)
            throw SystemFailure.badAddress
        }
        return UDPListener(descriptor: descriptor, address: transportAddress, scope: bound.scope)
    }
}

extension udp_address {
    /// Takes over an address with the interface of a link-local one; `nil` for a Unix domain socket.
    fileprivate init?(_ address: SocketAddress) {
        guard let transportAddress = TransportAddress(address) else { return nil }
        // sin6_scope_id is what sockaddr_in6 ends with, on every system.
        let scope = address.withSockAddr { pointer, length in
            address.protocol == .inet6 && length >= 28
                ? UnsafeRawPointer(pointer).loadUnaligned(fromByteOffset: 24, as: UInt32.self) : 0
        }
        self.init(transportAddress, scope: scope)
    }
}
