extension IPAddress {
    /// The most bytes that an address may take: eight groups, the last two as IPv4, in brackets.
    private static let longestText = 47

    /// Reads an address in text form: dotted decimal (without leading zeros, which some take for octal), or what
    /// RFC 4291 §2.2 allows for IPv6, in brackets or without; `nil` for anything else, zones included.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.longestText else { return nil }
        var rest = Substring(text).utf8[...]
        let isBracketed = rest.first == UInt8(ascii: "[") && rest.last == UInt8(ascii: "]")
        if isBracketed { rest = rest.dropFirst().dropLast() }
        if rest.contains(UInt8(ascii: ":")) {
            guard let address = Self.ipv6(rest) else { return nil }
            self = address
        } else {
            guard !isBracketed, let address = Self.ipv4(rest) else { return nil }
            self.init(ipv4: address)
        }
    }

    private static func ipv4(_ text: Substring.UTF8View) -> UInt32? {
        var (address, parts) = (UInt32(0), 0)
        var rest = text
        while true {
            var (byte, digits) = (UInt32(0), 0)
            while let digit = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
                guard digits == 0 || byte > 0 else { return nil }
                byte = byte * 10 + UInt32(digit - UInt8(ascii: "0"))
                guard byte <= 255 else { return nil }
                digits += 1
                rest.removeFirst()
            }
            guard digits > 0 else { return nil }
            address = address << 8 | byte
            parts += 1
            guard let dot = rest.popFirst() else { return parts == 4 ? address : nil }
            guard dot == UInt8(ascii: "."), parts < 4 else { return nil }
        }
    }

    private static func ipv6(_ text: Substring.UTF8View) -> IPAddress? {
        var groups: [UInt16] = []
        /// How many groups stand before `::`.
        var gap: Int?
        var rest = text
        if rest.starts(with: "::".utf8) {
            gap = 0
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            if let address = ipv4(rest) {
                groups += [UInt16(truncatingIfNeeded: address >> 16), UInt16(truncatingIfNeeded: address)]
                break
            }
            guard groups.count < 8, let group = takeGroup(&rest) else { return nil }
            groups.append(group)
            guard let colon = rest.popFirst() else { break }
            guard colon == UInt8(ascii: ":"), let next = rest.first else { return nil }
            guard next == UInt8(ascii: ":") else { continue }
            guard gap == nil else { return nil }
            gap = groups.count
            rest.removeFirst()
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        let half = { (groups: ArraySlice<UInt16>) in groups.reduce(0) { $0 << 16 | UInt64($1) } }
        return IPAddress(ipv6High: half(groups[..<4]), low: half(groups[4...]))
    }

    /// Takes one to four hexadecimal digits; `nil` if there is none, what follows them is for the caller to judge.
    private static func takeGroup(_ text: inout Substring.UTF8View) -> UInt16? {
        var (group, digits) = (UInt16(0), 0)
        while digits < 4, let digit = text.first.flatMap(hexDigit) {
            group = group << 4 | digit
            digits += 1
            text.removeFirst()
        }
        return digits > 0 ? group : nil
    }

    private static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address in dotted decimal, or in the canonical text form of RFC 5952.
    public var description: String {
        switch family {
        case .ipv4: "\(low >> 24).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)"
        case .ipv6: describeGroups()
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
