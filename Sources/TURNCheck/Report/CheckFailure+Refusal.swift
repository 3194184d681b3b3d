import STUN
import TURN

extension CheckFailure {
    /// Words a refusal by the code that the server gave (RFC 8489 §14.8, RFC 8656 §19).
    static func refusal(
        of step: Step,
        _ code: Int,
        _ reason: String,
        _ alternate: TransportAddress?
    ) -> Problem {
        let words = reason.isEmpty ? "\(code)" : "\(code) \(reason.printable)"
        return Problem(
            code: "refused-\(code)",
            text: "\(step.denial) (\(words)).",
            advice: advice(for: code, alternate) ?? "Look into the server's log."
        )
    }

    private static func advice(for code: Int, _ alternate: TransportAddress?) -> String? {
        switch code {
        case ErrorCode.tryAlternate.code:
            "The server sends its clients elsewhere: check \(alternate.map { "turn:\($0)" } ?? "that one") instead."
        case ErrorCode.badRequest.code:
            "The server does not understand this kind of request; it may be old, or be no TURN server."
        case ErrorCode.unauthenticated.code:
            "The user or the password is wrong, or the credential has expired: check --user or --secret, and the clocks."
        case ErrorCode.forbidden.code:
            "The server's rules forbid it: allow the peer or the user there (--allow-peer; with coturn allowed-peer-ip, "
                + "or allow-loopback-peers for tests on one machine)."
        case ErrorCode.unknownAttribute.code: "The server is older than this kind of request."
        case ErrorCode.allocationMismatch.code:
            "The server still holds another allocation for this address, or has lost this one: try again in a minute."
        case ErrorCode.staleNonce.code: "The server's nonces last too short a time: try again."
        case ErrorCode.addressFamilyNotSupported.code, ErrorCode.peerAddressFamilyMismatch.code:
            "The server relays for one of IPv4 and IPv6 only: give it an address of the other (--relay-address)."
        case ErrorCode.wrongCredentials.code: "The allocation belongs to another user: try again in a minute."
        case ErrorCode.unsupportedTransportProtocol.code: "The server does not relay UDP."
        case ErrorCode.allocationQuotaReached.code:
            "The user has too many allocations: wait until old ones end, or raise the quota (--user-quota)."
        case ErrorCode.serverError.code: "The server has a fault for now: try again, and look into its log."
        case ErrorCode.insufficientCapacity.code:
            "The server has no port or no room left: widen --relay-ports, or raise --total-quota."
        default: nil
        }
    }
}

extension CheckFailure.Step {
    /// What it means when the server refuses.
    fileprivate var denial: String {
        switch self {
        case .binding: "The server does not say which address it sees"
        case .allocate: "The server gives no relayed address"
        case .permission: "The server does not let this peer in"
        case .channel: "The server binds no channel to this peer"
        case .refresh: "The server does not take the relayed address back"
        }
    }
}
