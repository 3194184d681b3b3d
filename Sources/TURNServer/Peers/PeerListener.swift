import Listening
import NIOCore
import STUN
import TURN

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The listening socket of a TCP relay (RFC 6062 §5.1).
enum PeerListener {
    /// How many peers may wait to be accepted.
    private static let backlog: CInt = 16

    enum Outcome {
        case listening(NIOBSDSocket.Handle)
        case failed(RelayEngine.OpenFailure)
    }

    /// Binds a socket and listens.
    ///
    /// The address has to be free; only then others may be bound to it, which is how connections to peers leave from it
    /// (RFC 6062 §5.2).
    static func open(_ address: SocketAddress) -> Outcome {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = CInt(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, kind, 0)
        guard descriptor >= 0 else { return .failed(.unavailable) }
        guard DescriptorReserve.current.admits(descriptor) else {
            close(descriptor)
            return .failed(.unavailable)
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // Ended connections of an earlier relay on the port do not count.
        set(descriptor, SOL_SOCKET, SO_REUSEADDR)
        if address.protocol == .inet6 { set(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY) }
        let isBound = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0
        guard isBound, listen(descriptor, backlog) == 0 else {
            let failure = errno == EADDRINUSE ? RelayEngine.OpenFailure.portTaken : .unavailable
            close(descriptor)
            return .failed(failure)
        }
        set(descriptor, SOL_SOCKET, SO_REUSEPORT)
        return .listening(descriptor)
    }

    private static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt) {
        var on: CInt = 1
        setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<CInt>.size))
    }
}
