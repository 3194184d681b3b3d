import Listening
import Logging
import STUN
import TURN

/// What one relay thread tells the operator of what goes wrong: a line a minute for each reason, with how often it was.
struct RelayNotices {
    private let logger: Logger
    /// Whether the peers of most clients are denied as a matter of course.
    private let expectsDenials: Bool
    private var refusals: [Int: RepeatedNotice] = [:]
    private var failures: [CInt: RepeatedNotice] = [:]

    /// Makes notices of nothing so far.
    /// - Parameters:
    ///   - logger: Where they go.
    ///   - expectsDenials: Whether 403 is no news: where relays reach each other alone, browsers try all addresses.
    init(logger: Logger, expectsDenials: Bool = false) {
        self.logger = logger
        self.expectsDenials = expectsDenials
    }

    /// A client's request was refused.
    mutating func refused(_ code: Int, _ client: IPAddress) {
        guard code != ErrorCode.forbidden.code || !expectsDenials, let meaning = Self.meaning(of: code),
            let count = refusals[code, default: RepeatedNotice()].happened(at: .now)
        else { return }
        // Whoever is full has to be helped; the others may be at fault themselves.
        logger.log(
            level: code >= 486 ? .warning : .info,
            "Refused requests: \(meaning)",
            metadata: ["code": "\(code)", "requests": "\(count)", "last client": "\(client)"]
        )
    }

    /// The socket of a relay could not be opened.
    mutating func notOpened(_ address: TransportAddress, errno: CInt) {
        guard let count = failures[errno, default: RepeatedNotice()].happened(at: .now) else { return }
        logger.warning(
            "Cannot open sockets for relaying: \(SystemFailure(errno: errno).text)",
            metadata: ["address": "\(address.ip)", "sockets": "\(count)"]
        )
    }

    /// The listening socket of a relay could not be opened.
    mutating func notOpened(_ address: TransportAddress) {
        guard let count = failures[0, default: RepeatedNotice()].happened(at: .now) else { return }
        logger.warning(
            "Cannot open sockets for TCP relays",
            metadata: ["address": "\(address.ip)", "sockets": "\(count)"]
        )
    }

    /// What a code means in a log; `nil` for what is no fault of anybody's, as nonces that have grown old.
    private static func meaning(of code: Int) -> String? {
        switch code {
        case 300, 438: nil
        case 400: "they are malformed"
        case 401: "wrong user or password, or the credential has ended"
        case 403: "the peer is not allowed"
        case 405: "allocations may not move"
        case 420: "an attribute is not known"
        case 437: "the client has an allocation already, or none"
        case 440, 443: "the address family is not there"
        case 441: "the allocation is another user's"
        case 442: "the transport is not allowed"
        case 486: "the user or the network has all allocations that it may have (--user-quota, --network-quota)"
        case 508: "no port, descriptor or place is left (--relay-ports, --total-quota)"
        default: "code \(code)"
        }
    }
}
