/// The version of the Internet Protocol that an address belongs to; by the number that IANA has given it, which STUN and
/// other protocols write (RFC 8489 §14.1).
public enum AddressFamily: UInt8, Hashable, Sendable, CaseIterable {
    /// Internet Protocol version 4.
    case ipv4 = 0x01
    /// Internet Protocol version 6.
    case ipv6 = 0x02
}

/// An IPv4 or IPv6 address as a plain value of two integers.
///
/// An IPv4-mapped address is one of IPv6, as it stands on the wire; who means the host, and not how a socket names it,
/// asks for ``unmapped``.
public struct IPAddress: Hashable, Sendable {
    /// The first eight bytes of an IPv6 address; zero for IPv4.
    public let high: UInt64
    /// The last eight bytes of an IPv6 address, or the four of IPv4 in the lower half.
    public let low: UInt64
    /// Which of the two protocols the address belongs to.
    public let family: AddressFamily

    @inlinable
    init(high: UInt64, low: UInt64, family: AddressFamily) {
        self.high = high
        self.low = low
        self.family = family
    }

    /// Makes an IPv4 address: 127.0.0.1 is `0x7F00_0001`.
    @inlinable
    public init(ipv4: UInt32) {
        self.init(high: 0, low: UInt64(ipv4), family: .ipv4)
    }

    /// Makes an IPv6 address of its two halves: ::1 is `(0, 1)`.
    @inlinable
    public init(ipv6High high: UInt64, low: UInt64) {
        self.init(high: high, low: low, family: .ipv6)
    }

    /// Makes an address of four or sixteen bytes in network order; `nil` for any other number of bytes.
    @inlinable
    public init?(bytes: Span<UInt8>) {
        var (high, low) = (UInt64(0), UInt64(0))
        switch bytes.count {
        case 4:
            for index in 0..<4 { low = low << 8 | UInt64(bytes[index]) }
            self.init(high: 0, low: low, family: .ipv4)
        case 16:
            for index in 0..<8 { high = high << 8 | UInt64(bytes[index]) }
            for index in 8..<16 { low = low << 8 | UInt64(bytes[index]) }
            self.init(high: high, low: low, family: .ipv6)
        default: return nil
        }
    }

    /// The address itself, or the IPv4 address inside an IPv4-mapped one (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2).
    @inlinable
    public var unmapped: IPAddress {
        isMapped ? IPAddress(ipv4: UInt32(truncatingIfNeeded: low)) : self
    }

    /// Whether this is an IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2).
    @inlinable
    var isMapped: Bool {
        family == .ipv6 && high == 0 && low >> 32 == 0xFFFF
    }

    /// Whether the address is one of a machine for itself: nothing comes from it over a network.
    @inlinable
    public var isLoopback: Bool {
        switch family {
        case .ipv4: low >> 24 == 127
        case .ipv6: high == 0 && low == 1
        }
    }

    /// Whether this is `0.0.0.0` or `::`, which stand for all addresses and for none.
    @inlinable
    public var isUnspecified: Bool { high == 0 && low == 0 }

    /// How many bits an address of the family has.
    var bitCount: Int {
        switch family {
        case .ipv4: 32
        case .ipv6: 128
        }
    }

    /// The address with all bits behind the first `length` cleared.
    func masked(to length: Int) -> IPAddress {
        switch family {
        case .ipv4:
            IPAddress(ipv4: UInt32(truncatingIfNeeded: low) & Self.mask(length))
        case .ipv6:
            IPAddress(ipv6High: high & Self.mask(min(length, 64)), low: low & Self.mask(max(length - 64, 0)))
        }
    }

    private static func mask<Word: FixedWidthInteger & UnsignedInteger>(_ length: Int) -> Word {
        // A shift by the whole width gives zero.
        ~(Word.max >> length)
    }
}
