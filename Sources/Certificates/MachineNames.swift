package import Networking

/// What a machine is called, and where it is reached: what its certificate is for.
package struct MachineNames: Equatable, Sendable {
    /// So many names, and so many addresses, stand in a certificate: a machine with more has them for containers.
    package static let most = 100

    /// Names of hosts, in lower case.
    package let hosts: [String]
    /// Addresses of both families.
    package let addresses: [IPAddress]

    /// Takes names and addresses; what is neither is left out.
    /// - Parameters:
    ///   - hosts: Names, or addresses as text, with a port or without; the most wanted first.
    ///   - addresses: Addresses; the most wanted first.
    package init(hosts: [String], addresses: [IPAddress]) {
        var names = ["localhost"]
        var found: [IPAddress] = [IPAddress(ipv4: 0x7F00_0001), IPAddress(ipv6High: 0, low: 1)]
        for text in hosts {
            let host = Self.withoutPort(text)
            if let address = IPAddress(host) {
                found.append(address)
            } else if Self.isName(host) {
                names.append(host.lowercased())
            }
        }
        found += addresses
        self.hosts = Self.first(names)
        self.addresses = Self.first(found.map(\.unmapped).filter { !$0.isUnspecified })
    }

    private static func first<Name: Hashable>(_ names: [Name]) -> [Name] {
        var known: Set<Name> = []
        return Array(names.filter { known.insert($0).inserted }.prefix(most))
    }

    private static func withoutPort(_ text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return String(text[text.index(after: text.startIndex)..<end])
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : text
    }

    /// Whether a text is a name that may stand in a certificate: labels of letters, digits and hyphens (RFC 5280
    /// §4.2.1.6, RFC 1123 §2.1).
    private static func isName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                    && label.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    }
            }
    }
}

extension IPAddress {
    /// The four or sixteen bytes, in network order.
    var networkBytes: [UInt8] {
        let bytes = [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
        return family == .ipv4 ? Array(bytes.suffix(4)) : bytes
    }
}
