/// An address of IPv4 or IPv6; an IPv4 address that is mapped into IPv6 is one of IPv4.
public struct IPAddress: Sendable, Hashable {
    /// The address as IPv6, IPv4 mapped (RFC 4291, section 2.5.5.2).
    let bits: UInt128

    private static let mappedPrefix: UInt128 = 0xffff << 32

    /// Whether the address is one of IPv4.
    public var isIPv4: Bool { bits >> 32 == Self.mappedPrefix >> 32 }

    /// Makes an address of four bytes for IPv4 or 16 for IPv6; `nil` for any other number.
    package init?(bytes: some Collection<UInt8>) {
        let number = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        switch bytes.count {
        case 4: bits = Self.mappedPrefix | number
        case 16: bits = number
        default: return nil
        }
    }

    /// Reads an address as RFC 4291, section 2.2, and everybody write it, without port, brackets or zone.
    public init?(_ text: some StringProtocol) {
        // The longest has eight groups of four, the last two as IPv4.
        guard text.utf8.count <= 45 else { return nil }
        if !text.utf8.contains(UInt8(ascii: ":")) {
            guard let address = Self.ipv4(text) else { return nil }
            bits = Self.mappedPrefix | UInt128(address)
            return
        }
        let halves = Self.halves(text)
        guard halves.count <= 2, let head = Self.groups(halves[0], areLast: halves.count == 1) else { return nil }
        guard halves.count == 2 else {
            guard head.count == 8 else { return nil }
            bits = head.reduce(0) { $0 << 16 | UInt128($1) }
            return
        }
        guard let tail = Self.groups(halves[1], areLast: true), head.count + tail.count <= 7 else { return nil }
        let middle = [UInt16](repeating: 0, count: 8 - head.count - tail.count)
        bits = (head + middle + tail).reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// The texts around each `::`.
    private static func halves(_ text: some StringProtocol) -> [String] {
        var halves = [""]
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: ":"), rest.first == UInt8(ascii: ":") {
                rest.removeFirst()
                halves.append("")
            } else {
                halves[halves.count - 1].unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return halves
    }

    /// The groups of 16 bits, the last of an address perhaps 32 bits as IPv4.
    private static func groups(_ text: String, areLast: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if areLast, index == parts.count - 1, let address = ipv4(part) {
                groups += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func ipv4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            // A leading zero means octal to some, so it means nothing.
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let byte = UInt8(part), part.utf8.count == 1 || part.utf8.first != 0x30
            else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address as RFC 5952 writes it.
    public var description: String {
        if isIPv4 {
            let address = UInt32(truncatingIfNeeded: bits)
            return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
        // The longest run of two zeros or more is left out, the first of those that are equally long.
        var longest = 0..<0
        var run = 0..<0
        for (index, group) in groups.enumerated() {
            run = group == 0 ? (run.upperBound == index ? run.lowerBound : index)..<index + 1 : index + 1..<index + 1
            if run.count > longest.count { longest = run }
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard longest.count > 1 else { return text(0..<8) }
        return text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8)
    }
}

/// A block of addresses that share a prefix, such as `10.0.0.0/8` or `2001:db8::/32` (CIDR, RFC 4632).
public struct IPAddressBlock: Sendable, Hashable {
    private let prefix: UInt128
    private let shift: UInt128

    /// Reads a block, or an address as the block of itself; `nil` when the text is neither.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]), given <= width
            else { return nil }
            length = given
        }
        // A shift by all 128 bits leaves zero, as it should.
        shift = UInt128(width - length)
        prefix = address.bits >> shift
    }

    /// Whether an address belongs to the block.
    public func contains(_ address: IPAddress) -> Bool {
        address.bits >> shift == prefix
    }
}

extension IPAddressBlock: ExpressibleByStringLiteral {
    /// A block that is written in the program.
    /// - Precondition: The text is a block or an address.
    public init(stringLiteral text: String) {
        guard let block = Self(text) else { preconditionFailure("\(text) is no block of IP addresses") }
        self = block
    }
}
