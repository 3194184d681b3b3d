extension IPAddress {
    /// Reads an address in text form: dotted decimal (without leading zeros, which some take for octal), or what
    /// RFC 4291 §2.2 allows for IPv6, in brackets or without; `nil` for anything else, zones included.
    public init?(_ text: some StringProtocol) {
        var rest = text[...]
        if rest.first == "[", rest.last == "]" { rest = rest.dropFirst().dropLast() }
        if rest.utf8.contains(UInt8(ascii: ":")) {
            self.init(ipv6Text: rest)
        } else if let address = Self.ipv4(rest) {
            self.init(ipv4: address)
        } else {
            return nil
        }
    }

    private static func ipv4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }

    private init?(ipv6Text text: some StringProtocol) {
        let text = String(text)
        let groups: [UInt16]
        if let gap = text.firstRange(of: "::") {
            guard let front = Self.groups(text[..<gap.lowerBound], areLast: false),
                let back = Self.groups(text[gap.upperBound...], areLast: true),
                front.count + back.count < 8
            else { return nil }
            groups = front + Array(repeating: 0, count: 8 - front.count - back.count) + back
        } else {
            guard let all = Self.groups(text[...], areLast: true) else { return nil }
            groups = all
        }
        guard groups.count == 8 else { return nil }
        let half = { (groups: ArraySlice<UInt16>) in groups.reduce(0) { $0 << 16 | UInt64($1) } }
        self.init(ipv6High: half(groups[..<4]), low: half(groups[4...]))
    }

    /// Reads groups of up to four hexadecimal digits, none from an empty text.
    ///
    /// At the end of an address the last two may be written as an IPv4 address.
    private static func groups(_ text: Substring, areLast: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.utf8.contains(UInt8(ascii: ".")) {
                guard areLast, index == parts.count - 1, let address = ipv4(part) else { return nil }
                groups += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
