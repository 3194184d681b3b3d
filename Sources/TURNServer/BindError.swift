#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Why a server could not start to listen.
public struct BindError: Error, Hashable, Sendable {
    /// What failed.
    public enum Reason: Hashable, Sendable {
        /// Something else listens there.
        case addressInUse
        /// The address belongs to no interface of this machine, or to a protocol that it does not speak.
        case addressUnavailable
        /// The user may not listen there: ports below 1024 are reserved.
        case permissionDenied
        /// The name has no address.
        case unknownHost
        /// The server was started before.
        case alreadyStarted
        /// Anything else, with the system's error number.
        case system(CInt)
    }

    /// What an address was for.
    public enum Purpose: Hashable, Sendable {
        /// Clients come there.
        case listening
        /// Relayed addresses are to be there (``TURNServer/Configuration/relayAddresses``).
        case relaying
    }

    /// What the address was for.
    public let purpose: Purpose
    /// Where the server should have listened, as `192.0.2.1:3478`, `[::]:3478` or `name:3478`.
    public let address: String
    /// `UDP` or `TCP`; `nil` when neither was tried yet.
    public let transport: String?
    /// What failed.
    public let reason: Reason

    init(address: String, transport: String? = nil, reason: Reason, purpose: Purpose = .listening) {
        self.purpose = purpose
        self.address = address
        self.transport = transport
        self.reason = reason
    }
}

extension BindError.Reason {
    init(errno: CInt) {
        switch errno {
        case EADDRINUSE: self = .addressInUse
        case EADDRNOTAVAIL, EAFNOSUPPORT: self = .addressUnavailable
        case EACCES, EPERM: self = .permissionDenied
        default: self = .system(errno)
        }
    }

    fileprivate var text: String {
        switch self {
        case .addressInUse: "the address is already in use"
        case .addressUnavailable: "this machine does not have the address"
        case .permissionDenied: "permission denied"
        case .unknownHost: "the name has no address"
        case .alreadyStarted: "the server was started before"
        case .system(let errno): String(cString: strerror(errno))
        }
    }
}

extension BindError: CustomStringConvertible {
    /// One line for the person who started the server.
    public var description: String {
        switch purpose {
        case .listening:
            "cannot listen for STUN and TURN on \(address)\(transport.map { " (\($0))" } ?? ""): \(reason.text)"
        case .relaying: "cannot relay on \(address): \(reason.text)"
        }
    }
}
