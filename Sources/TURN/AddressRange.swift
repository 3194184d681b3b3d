public import STUN

/// The addresses that begin with the same bits: `10.0.0.0/8`, `fc00::/7`.
public struct AddressRange: Hashable, Sendable {
    /// The first address of the range.
    public let base: IPAddress
    /// How many leading bits all addresses share.
    public let prefixLength: Int

    /// Makes a range; `nil` if the prefix is longer than the address, or if bits behind the prefix are set, which is
    /// more often a mistake than meant.
    public init?(_ base: IPAddress, prefixLength: Int) {
        guard (0...base.bitCount).contains(prefixLength), base.masked(to: prefixLength) == base else { return nil }
        self.base = base
        self.prefixLength = prefixLength
    }

    /// Reads `ADDRESS/BITS`, or an address for the range of that one; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let base = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(base, prefixLength: base.bitCount)
            return
        }
        guard let length = UInt8(parts[1]), String(length) == parts[1] else { return nil }
        self.init(base, prefixLength: Int(length))
    }

    /// Whether `address` is in the range; an address of the other family is not.
    public func contains(_ address: IPAddress) -> Bool {
        address.family == base.family && address.masked(to: prefixLength) == base
    }
}

extension AddressRange: CustomStringConvertible {
    /// `10.0.0.0/8`.
    public var description: String { "\(base)/\(prefixLength)" }
}

extension IPAddress {
    fileprivate var bitCount: Int {
        switch family {
        case .ipv4: 32
        case .ipv6: 128
        }
    }

    /// The address with all bits behind the first `length` cleared.
    fileprivate func masked(to length: Int) -> IPAddress {
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
