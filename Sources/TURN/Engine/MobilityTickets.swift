import Crypto
import FoundationEssentials
import STUN

/// Makes tickets and knows its own again (RFC 8016 §3.1); a ticket is good until the allocation has moved.
///
/// ```
/// engine, 1 byte | allocation, 4 | generation, 4 | moves, 4 | HMAC-SHA256 of these, the first 16 bytes
/// ```
struct MobilityTickets {
    /// What a ticket stands for.
    struct Claim: Equatable {
        let slot: UInt32
        let generation: UInt32
        let moves: UInt32
    }

    private static let claimLength = 13
    private static let codeLength = 16

    private let secret = SymmetricKey(size: .bits256)

    func make(_ claim: Claim, engine: UInt8) -> MobilityTicket {
        var bytes = [engine]
        for word in [claim.slot, claim.generation, claim.moves] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
        guard let ticket = try? MobilityTicket(bytes + code(over: bytes)) else {
            preconditionFailure("a ticket of \(Self.claimLength + Self.codeLength) bytes")
        }
        return ticket
    }

    /// The engine that has made a ticket; `nil` if it is none of ours.
    static func engine(of ticket: MobilityTicket) -> UInt8? {
        ticket.bytes.count == claimLength + codeLength ? ticket.bytes[0] : nil
    }

    /// What a ticket stands for; `nil` if this engine has not made it.
    func open(_ ticket: MobilityTicket) -> Claim? {
        guard Self.engine(of: ticket) != nil else { return nil }
        let claim = ticket.bytes.span.extracting(first: Self.claimLength)
        let expected = code(over: Array(ticket.bytes.prefix(Self.claimLength)))
        guard constantTimeEquals(expected.span, ticket.bytes.span.extracting(droppingFirst: Self.claimLength)) else {
            return nil
        }
        return Claim(slot: claim.uint32(at: 1), generation: claim.uint32(at: 5), moves: claim.uint32(at: 9))
    }

    private func code(over bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: secret).prefix(Self.codeLength))
    }
}
