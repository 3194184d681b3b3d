/// The version of the Internet Protocol that an address belongs to.
public enum AddressFamily: UInt8, Hashable, Sendable, CaseIterable {
    /// Internet Protocol version 4; 0x01 in STUN's address attributes (RFC 8489 §14.1).
    case ipv4 = 0x01
    /// Internet Protocol version 6; 0x02 in STUN's address attributes (RFC 8489 §14.1).
    case ipv6 = 0x02
}

/// An IPv4 or IPv6 address as a plain value of two integers.
public struct IPAddress: Hashable, Sendable {
    /// The first eight bytes of an IPv6 address; zero for IPv4.
    public let high: UInt64
    /// The last eight bytes of an IPv6 address, or the four of IPv4 in the lower half.
    public let low: UInt64
    /// Which of the two protocols the address belongs to.
    public let family: AddressFamily

    /// Makes an IPv4 address: 127.0.0.1 is `0x7F00_0001`.
    public init(ipv4: UInt32) {
        high = 0
        low = UInt64(ipv4)
        family = .ipv4
    }

    /// Makes an IPv6 address of its two halves: ::1 is `(0, 1)`.
    public init(ipv6High high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        family = .ipv6
    }

    /// Makes an address of four or sixteen bytes in network order; `nil` for any other number of bytes.
    public init?(bytes: Span<UInt8>) {
        switch bytes.count {
        case 4: self.init(ipv4: bytes.uint32(at: 0))
        case 16: self.init(ipv6High: bytes.uint64(at: 0), low: bytes.uint64(at: 8))
        default: return nil
        }
    }

    /// The address itself, or the IPv4 address inside an IPv4-mapped one (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2).
    public var unmapped: IPAddress {
        guard family == .ipv6, high == 0, low >> 32 == 0xFFFF else { return self }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address in dotted decimal, or in the canonical text form of RFC 5952.
    public var description: String {
        switch family {
        case .ipv4:
            return stride(from: 24, through: 0, by: -8).map { String((low >> $0) & 0xFF) }.joined(separator: ".")
        case .ipv6:
            return describeGroups()
        }
    }

    private func describeGroups() -> String {
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> (48 - 16 * (index % 4)))
        }
        // RFC 5952 §4.2: the first of the longest runs of two zero groups or more becomes "::".
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(longest.count, 1) {
                longest = start..<index
            }
            start = index + 1
        }
        let text = groups.map { String($0, radix: 16) }
        guard !longest.isEmpty else { return text.joined(separator: ":") }
        return text[..<longest.lowerBound].joined(separator: ":") + "::"
            + text[longest.upperBound...].joined(separator: ":")
    }
}
