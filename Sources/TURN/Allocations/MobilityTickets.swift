import Crypto
import FoundationEssentials
import STUN

/// Makes tickets and knows its own again (RFC 8016 §3.1); a ticket is good until the allocation has moved.
///
/// ```
/// engine, 1 byte | allocation, 4 | generation, 4 | moves, 4 | HMAC-SHA256 of these, the first 11 bytes
/// ```
///
/// In base64url, and 32 characters, because coturn's clients take a ticket for a C string and have no room for more. A
/// multiple of three bytes has no other spelling.
struct MobilityTickets {
    /// What a ticket stands for.
    struct Claim: Equatable {
        let slot: UInt32
        let generation: UInt32
        let moves: UInt32
    }

    private static let claimLength = 13
    private static let codeLength = 11

    private let secret = SymmetricKey(size: .bits256)

    func make(_ claim: Claim, engine: UInt8) -> MobilityTicket {
        var bytes = [engine]
        for word in [claim.slot, claim.generation, claim.moves] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
        guard let ticket = try? MobilityTicket(Array(Base64URL.encode(bytes + code(over: bytes)).utf8)) else {
            preconditionFailure("a ticket of \(Self.claimLength + Self.codeLength) bytes")
        }
        return ticket
    }

    /// The engine that has made a ticket; `nil` if it is none of ours.
    static func engine(of ticket: MobilityTicket) -> UInt8? {
        decode(ticket)?[0]
    }

    /// What a ticket stands for; `nil` if this engine has not made it.
    func open(_ ticket: MobilityTicket) -> Claim? {
        guard let bytes = Self.decode(ticket) else { return nil }
        let claim = bytes.span.extracting(first: Self.claimLength)
        let expected = code(over: Array(bytes.prefix(Self.claimLength)))
        guard constantTimeEquals(expected.span, bytes.span.extracting(droppingFirst: Self.claimLength)) else {
            return nil
        }
        return Claim(slot: claim.uint32(at: 1), generation: claim.uint32(at: 5), moves: claim.uint32(at: 9))
    }

    private static func decode(_ ticket: MobilityTicket) -> [UInt8]? {
        let bytes = Base64URL.decode(String(decoding: ticket.bytes, as: UTF8.self))
        return bytes?.count == claimLength + codeLength ? bytes : nil
    }

    private func code(over bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: secret).prefix(Self.codeLength))
    }
}
