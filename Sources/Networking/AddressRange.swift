/// The addresses that begin with the same bits: `10.0.0.0/8`, `fc00::/7` (CIDR, RFC 4632).
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
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
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

    /// The range itself, or the range of IPv4 addresses inside one of IPv4-mapped addresses.
    ///
    /// For whoever asks with ``IPAddress/unmapped``: `::ffff:10.0.0.0/104` is `10.0.0.0/8` then.
    public var unmapped: AddressRange {
        guard base.isMapped, prefixLength >= 96 else { return self }
        return AddressRange(base.unmapped, prefixLength: prefixLength - 96) ?? self
    }
}

extension AddressRange: ExpressibleByStringLiteral {
    /// A range that is written in the program.
    /// - Precondition: The text is a range or an address.
    public init(stringLiteral text: String) {
        guard let range = Self(text) else { preconditionFailure("\(text) is no range of IP addresses") }
        self = range
    }
}

extension AddressRange: CustomStringConvertible {
    /// `10.0.0.0/8`.
    public var description: String { "\(base)/\(prefixLength)" }
}
