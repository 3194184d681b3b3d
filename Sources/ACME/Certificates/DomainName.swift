/// A name of the DNS that a certificate can be for.
public struct DomainName: Hashable, Sendable, CustomStringConvertible {
    /// The name in lower case, without a dot at its end.
    public let description: String

    /// Takes a name of two labels or more, in ASCII (`xn--` for other scripts), as RFC 5890 §2.3.1 and RFC 1035 §2.3.4 have it.
    /// - Returns: `nil` for anything else: addresses, wildcards (which HTTP-01 and TLS-ALPN-01 can't show to be one's own),
    ///   and names without a dot.
    public init?(_ text: some StringProtocol) {
        var name = text.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.count >= 2, labels.allSatisfy(Self.isLabel) else { return nil }
        // The last of an IPv4 address is a number, that of a name never is.
        guard let last = labels.last, !last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        description = name
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let bytes = label.utf8
        guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }
}
